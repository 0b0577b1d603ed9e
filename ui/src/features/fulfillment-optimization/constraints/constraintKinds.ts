import { type ConstraintKind, listConstraintKinds } from '@client/optional';
import type { PropertySchema } from '@kit/forms/schema';
import { useQuery } from '@tanstack/react-query';

const source: PropertySchema = { title: 'Source', type: ['string', 'null'], 'x-reference': 'source', 'x-placeholder': 'All sources' };
const sourceList: PropertySchema = {
  title: 'Source list',
  type: ['string', 'null'],
  'x-reference': 'source_list',
  'x-placeholder': 'None',
};
const product: PropertySchema = { title: 'Product', type: ['string', 'null'], description: 'Leave empty for all products' };

const entries = (properties: Record<string, PropertySchema>, minItems: number): PropertySchema => ({
  properties: {
    entries: {
      title: 'Applies to',
      description: minItems === 0 ? 'Leave empty for all sources.' : undefined,
      type: 'array',
      minItems,
      items: { properties: { source, source_list: sourceList, ...properties } },
    },
  },
});

const maximumSources: PropertySchema = {
  properties: { maximum: { title: 'Maximum', type: 'integer', minimum: 1, default: 1, 'x-unit': 'sources' } },
};

const kind = (name: string, title: string, description: string, schema: PropertySchema): ConstraintKind => ({
  kind: name,
  title,
  description,
  schema: schema as Record<string, unknown>,
});

/** Used when the server does not list its constraint kinds. */
export const builtInConstraintKinds: readonly ConstraintKind[] = [
  kind(
    'maximum_distance',
    'Maximum distance',
    'Maximum straight-line distance between source and customer.',
    entries(
      {
        distance: { title: 'Distance', type: ['number', 'null'], minimum: 1, default: 500, 'x-placeholder': 'Any' },
        unit: { title: 'Unit', type: 'string', enum: ['km', 'mi'], default: 'km' },
        same_country: { title: 'Same country', type: 'boolean' },
      },
      1,
    ),
  ),
  kind('restrict_partial_orders', 'No partial orders', 'Source all lines of an order or none.', { properties: {} }),
  kind('maximum_sources_per_order', 'Sources per order', 'Maximum number of sources for an order.', maximumSources),
  kind('maximum_sources_per_line', 'Sources per line', 'Maximum number of sources for one line.', maximumSources),
  kind('maximum_sources_and_partial_order', 'Sources and partial orders', 'Limits sources per order, line splits and partial orders.', {
    properties: {
      maximum: { title: 'Sources per order', type: ['integer', 'null'], minimum: 1, 'x-placeholder': 'Any number' },
      partial_lines: { title: 'Allow splitting a line across sources', type: 'boolean', default: true },
      partial_orders: { title: 'Allow partial orders', type: 'boolean', default: true },
    },
  }),
  kind(
    'maximum_order_lines',
    'Order lines per day',
    'Maximum order lines per day for a source or source list.',
    entries({ lines: { title: 'Lines per day', type: 'integer', minimum: 0, default: 100 } }, 1),
  ),
  kind('respect_timings', 'Respect timings', 'Exclude sources that are closed or past their cut-off.', entries({}, 0)),
  kind(
    'safety_stock',
    'Safety stock',
    'Keep this quantity out of sale.',
    entries({ units: { title: 'Units', type: ['number', 'null'], minimum: 0, 'x-placeholder': 'Source default' }, product }, 0),
  ),
  kind(
    'location_priority',
    'Location priority',
    'Order in which sources are used, regardless of cost.',
    entries({ rank: { title: 'Rank', type: 'integer', minimum: 1, default: 1 }, product }, 1),
  ),
];

/** The constraint kinds of the server, or the built-in ones until it answers. */
export function useConstraintKinds(): readonly ConstraintKind[] {
  const kinds = useQuery({ queryKey: ['constraint-kinds'], queryFn: ({ signal }) => listConstraintKinds(signal), staleTime: Infinity });
  return kinds.data ?? builtInConstraintKinds;
}

export const constraintKindTitle = (kinds: readonly ConstraintKind[], name: string): string =>
  kinds.find((item) => item.kind === name)?.title ?? name;
