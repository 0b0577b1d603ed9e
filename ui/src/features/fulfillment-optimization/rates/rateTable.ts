import type { Body } from '@client/configuration';
import { number, records, text } from '@kit/forms/fields';

/** The weights a table has prices for, ascending: the rows of its matrix. */
export const weightsOf = (body: Body): number[] =>
  [...new Set(records(body.prices).map((one) => number(one.up_to_kg)))].sort((a, b) => a - b);

export const zonesOf = (body: Body): Body[] => records(body.zones);

/** Where a zone reaches, in words, seen from the zone before it. */
export function reachOf(zones: Body[], at: number): string {
  const reach = zones[at]?.up_to_km;
  if (typeof reach === 'number') return `up to ${reach} km`;
  return zones.length === 1 ? 'any distance' : 'farther';
}

export const priceAt = (body: Body, zone: string, kg: number): number | null => {
  const found = records(body.prices).find((one) => text(one.zone) === zone && one.up_to_kg === kg);
  return found === undefined ? null : number(found.price);
};

/** The prices with one cell changed; an emptied cell has no price. */
export function withPrice(body: Body, zone: string, kg: number, price: number | null): Body[] {
  const others = records(body.prices).filter((one) => text(one.zone) !== zone || one.up_to_kg !== kg);
  return price === null ? others : [...others, { zone, up_to_kg: kg, price }];
}

/** A row of the matrix moved to another weight. */
export const withWeight = (body: Body, kg: number, next: number): Body[] =>
  records(body.prices).map((one) => (one.up_to_kg === kg ? { ...one, up_to_kg: next } : one));

/** Zones with one renamed, and the prices that follow it. */
export function renamed(body: Body, at: number, name: string): Body {
  const zones = zonesOf(body);
  const before = text(zones[at]?.name);
  return {
    zones: zones.map((one, index) => (index === at ? { ...one, name } : one)),
    prices: records(body.prices).map((one) => (text(one.zone) === before ? { ...one, zone: name } : one)),
  };
}

/** What is missing before a rate table can be saved; empty when nothing is. */
export function rateTableProblem(body: Body): string {
  if (text(body.title) === '') return 'Give the rate table a title';
  const zones = zonesOf(body);
  const names = zones.map((one) => text(one.name));
  if (names.some((one) => one === '')) return 'Give every zone a name';
  if (new Set(names).size < names.length) return 'Two zones have the same name';
  const edges = zones.slice(0, -1).map((one) => number(one.up_to_km));
  if (edges.some((edge, at) => at > 0 && edge < (edges[at - 1] ?? 0))) return 'Zones must reach farther one after the other';
  for (const zone of names) {
    const tiers = weightsOf(body).flatMap((kg) => priceAt(body, zone, kg) ?? []);
    if (tiers.some((price, at) => at > 0 && price < (tiers[at - 1] ?? 0)))
      return `Zone ${zone}: prices must not fall as parcels grow heavier`;
  }
  return records(body.factors).some((one) => text(one.name) === '') ? 'Give every shipping rate factor a name' : '';
}
