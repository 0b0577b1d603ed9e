import type { Body } from '@client/configuration';
import { asNumber, asRecords, asText } from '@kit/forms/fields';

export const constraintKinds: Record<string, { title: string; description: string }> = {
  maximum_distance: { title: 'Maximum distance', description: 'How far, as the crow flies, a source may be from the buyer.' },
  restrict_partial_orders: { title: 'No partial orders', description: 'All lines of an order are sourced, or none.' },
  maximum_sources_per_order: { title: 'Sources per order', description: 'Into how many parcels an order may be split.' },
  maximum_sources_per_line: { title: 'Sources per line', description: 'Across how many sources one line may be divided.' },
  maximum_sources_and_partial_order: {
    title: 'Sources and partial orders',
    description: 'Sources per order, divided lines and partial orders in one constraint, as earlier versions had it.',
  },
  maximum_order_lines: { title: 'Order lines a day', description: 'How many order lines a source, or a list together, takes in a day.' },
  respect_timings: { title: 'Respect timings', description: 'Closed sources, and those after their cut-off, are left out.' },
  safety_stock: { title: 'Safety stock', description: 'Stock at or below this is not sold.' },
  location_priority: { title: 'Location priority', description: 'Which sources come first, whatever they cost.' },
};

const describeScope = (entry: Body): string =>
  asText(entry.source) || (asText(entry.source_list) ? `list ${asText(entry.source_list)}` : 'every source');

function describeEntry(type: string, entry: Body): string {
  const scopeLabel = describeScope(entry);
  if (type === 'maximum_distance') {
    const distance = typeof entry.distance === 'number' ? `${entry.distance} ${asText(entry.unit) || 'km'}` : 'any distance';
    return `${scopeLabel}: ${distance}${entry.same_country === true ? ', same country' : ''}`;
  }
  if (type === 'maximum_order_lines') return `${scopeLabel}: ${asNumber(entry.lines)} lines a day`;
  if (type === 'safety_stock') {
    const units = typeof entry.units === 'number' ? `${entry.units} units` : 'its own safety stock';
    return `${scopeLabel}: ${units}${asText(entry.product) ? ` of ${asText(entry.product)}` : ''}`;
  }
  if (type === 'location_priority')
    return `${asNumber(entry.rank, 1)}. ${scopeLabel}${asText(entry.product) ? ` for ${asText(entry.product)}` : ''}`;
  return scopeLabel;
}

/** A constraint's parameters, read aloud. */
export function describeConstraint(body: Body): string {
  const type = asText(body.type);
  const maximum = asNumber(body.maximum);
  if (type === 'maximum_sources_per_order' || type === 'maximum_sources_per_line') return `at most ${maximum}`;
  if (type === 'maximum_sources_and_partial_order')
    return [
      maximum > 0 ? `at most ${maximum} sources` : 'any number of sources',
      body.partial_lines === false ? 'lines whole' : 'lines may be divided',
      body.partial_orders === false ? 'orders whole' : 'orders in part',
    ].join(', ');
  if (type === 'restrict_partial_orders') return 'all lines or none';
  const entries = asRecords(body.entries);
  if (entries.length === 0) return 'every source';
  const descriptions = entries.slice(0, 4).map((entry) => describeEntry(type, entry));
  return descriptions.join('; ') + (entries.length > 4 ? `; and ${entries.length - 4} more` : '');
}

/** The dates between which it holds; empty when always. */
export function describeEffectiveDates(body: Body): string {
  const from = asText(body.effective_from);
  const to = asText(body.effective_to);
  if (from && to) return `${from} to ${to}`;
  return from ? `from ${from}` : to ? `until ${to}` : '';
}

/** Whether it counts on a day, as `YYYY-MM-DD`. */
export const isInEffect = (body: Body, day: string): boolean =>
  body.enabled !== false && (asText(body.effective_from) || '0000') <= day && day <= (asText(body.effective_to) || '9999');
