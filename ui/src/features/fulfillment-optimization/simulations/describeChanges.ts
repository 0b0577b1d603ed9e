import type { ConfigurationDocument } from '@client/configuration';
import type { SimulationAsk, SimulationChanges } from '@client/sourcing';
import { text } from '@kit/forms/fields';

/** Every change of a scenario in a sentence; one sentence also when there is none. */
export function changesInWords(changes: Partial<SimulationChanges> | undefined): string[] {
  const {
    closed_sources = [],
    new_sources = [],
    constraints = [],
    strategy,
    demand_multiplier = 1,
    demand_products = [],
    new_products = [],
  } = changes ?? {};
  const words = [
    ...closed_sources.map((name) => `${name} is closed`),
    ...new_sources.map(
      (one) =>
        `${one.name} opens${text(one.body.title) ? ` (${text(one.body.title)})` : ''}${one.stock_like ? `, stocked like ${one.stock_like}` : ''}`,
    ),
    ...constraints.map((one) => (one.body ? `Constraint ${one.name} says otherwise` : `Constraint ${one.name} no longer counts`)),
    ...(strategy?.name ? [`Strategy ${strategy.name} is used`] : []),
    ...Object.entries(strategy?.body ?? {}).map(([key, value]) => `The strategy's ${key.replaceAll('_', ' ')}: ${JSON.stringify(value)}`),
    ...(demand_multiplier !== 1
      ? [`Demand times ${demand_multiplier}${demand_products.length > 0 ? ` for ${demand_products.join(', ')}` : ''}`]
      : []),
    ...new_products.map((one) => `${one.product} sells like ${one.like}, ${Math.round(one.share * 100)} % of its orders`),
  ];
  return words.length > 0 ? words : ['Nothing: every difference is zero'];
}

/** The strategy a scenario uses: its own, else that of today's side, else the one marked as the default last. */
export function strategyOf(ask: Pick<SimulationAsk, 'strategy' | 'changes'>, strategies: readonly ConfigurationDocument[]): string {
  const chosen = [ask.changes.strategy?.name, ask.strategy, strategies.findLast((one) => one.body.is_default === true)?.name];
  return chosen.find((name) => name !== undefined && name !== '') ?? 'default';
}
