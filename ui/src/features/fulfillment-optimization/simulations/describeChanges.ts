import type { ConfigurationDocument } from '@client/configuration';
import type { SimulationRequest, SimulationChanges } from '@client/sourcing';
import { asText } from '@kit/forms/fields';
import { humanize } from '@vocabulary';

/** A value of a configuration document in words: "yes", "none", "SEA, CHI" or "parcel 7, line 0.4". */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(describeValue).join(', ');
  if (typeof value === 'object') return describeFields(value);
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

function describeFields(fields: object): string {
  const entries = Object.entries(fields) as [string, unknown][];
  if (entries.length === 0) return 'none';
  return entries.map(([name, value]) => `${humanize(name).toLowerCase()} ${describeValue(value)}`).join(', ');
}

/** Return one sentence per change; "No changes" when there are none. */
export function describeChanges(changes: Partial<SimulationChanges> | undefined): string[] {
  const {
    closed_sources = [],
    new_sources = [],
    constraints = [],
    strategy,
    demand_multiplier = 1,
    demand_products = [],
    new_products = [],
  } = changes ?? {};
  const descriptions = [
    ...closed_sources.map((name) => `${name} is closed`),
    ...new_sources.map(
      (newSource) =>
        `${newSource.name} opens${asText(newSource.body.title) ? ` (${asText(newSource.body.title)})` : ''}${newSource.stock_like ? `, stocked like ${newSource.stock_like}` : ''}`,
    ),
    ...constraints.map((constraint) =>
      constraint.body ? `Constraint ${constraint.name} is changed` : `Constraint ${constraint.name} is removed`,
    ),
    ...(strategy?.name ? [`Strategy ${strategy.name} is used`] : []),
    ...Object.entries(strategy?.body ?? {}).map(
      ([key, value]) => `Strategy setting ${humanize(key).toLowerCase()}: ${describeValue(value)}`,
    ),
    ...(demand_multiplier !== 1
      ? [`Demand multiplied by ${demand_multiplier}${demand_products.length > 0 ? ` for ${demand_products.join(', ')}` : ''}`]
      : []),
    ...new_products.map(
      (newProduct) => `${newProduct.product} sells like ${newProduct.like}, ${Math.round(newProduct.share * 100)}% of its orders`,
    ),
  ];
  return descriptions.length > 0 ? descriptions : ['No changes'];
}

/** The strategy of the scenario: its own, else that of the baseline, else the default. */
export function scenarioStrategyName(
  request: Pick<SimulationRequest, 'strategy' | 'changes'>,
  strategies: readonly ConfigurationDocument[],
): string {
  const candidates = [
    request.changes.strategy?.name,
    request.strategy,
    strategies.findLast((strategy) => strategy.body.is_default === true)?.name,
  ];
  return candidates.find((name) => name !== undefined && name !== '') ?? 'default';
}
