import type { ConfigurationDocument } from '@client/configuration';
import type { SimulationRequest, SimulationChanges } from '@client/sourcing';
import { asText } from '@kit/forms/fields';

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
    ...Object.entries(strategy?.body ?? {}).map(([key, value]) => `The strategy's ${key.replaceAll('_', ' ')}: ${JSON.stringify(value)}`),
    ...(demand_multiplier !== 1
      ? [`Demand multiplied by ${demand_multiplier}${demand_products.length > 0 ? ` for ${demand_products.join(', ')}` : ''}`]
      : []),
    ...new_products.map(
      (newProduct) => `${newProduct.product} sells like ${newProduct.like}, ${Math.round(newProduct.share * 100)} % of its orders`,
    ),
  ];
  return descriptions.length > 0 ? descriptions : ['No changes'];
}

/** The strategy of the scenario: its own, else that of the baseline, else the default. */
export function scenarioStrategyName(
  ask: Pick<SimulationRequest, 'strategy' | 'changes'>,
  strategies: readonly ConfigurationDocument[],
): string {
  const candidates = [ask.changes.strategy?.name, ask.strategy, strategies.findLast((strategy) => strategy.body.is_default === true)?.name];
  return candidates.find((name) => name !== undefined && name !== '') ?? 'default';
}
