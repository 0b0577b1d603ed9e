import type { Body } from '@client/configuration';
import { asNumber, asRecords, asText } from '@kit/forms/fields';

/** The weights a table has prices for, ascending: the rows of its matrix. */
export const weightsOf = (body: Body): number[] =>
  [...new Set(asRecords(body.prices).map((price) => asNumber(price.up_to_kg)))].sort((a, b) => a - b);

export const zonesOf = (body: Body): Body[] => asRecords(body.zones);

/** Where a zone reaches, in words, seen from the zone before it. */
export function describeZoneReach(zones: Body[], index: number): string {
  const reach = zones[index]?.up_to_km;
  if (typeof reach === 'number') return `up to ${reach} km`;
  return zones.length === 1 ? 'any distance' : 'farther';
}

export const priceAt = (body: Body, zone: string, kg: number): number | null => {
  const match = asRecords(body.prices).find((price) => asText(price.zone) === zone && price.up_to_kg === kg);
  return match === undefined ? null : asNumber(match.price);
};

/** The prices with one cell changed; an emptied cell has no price. */
export function withPrice(body: Body, zone: string, kg: number, price: number | null): Body[] {
  const others = asRecords(body.prices).filter((item) => asText(item.zone) !== zone || item.up_to_kg !== kg);
  return price === null ? others : [...others, { zone, up_to_kg: kg, price }];
}

/** A row of the matrix moved to another weight. */
export const withWeight = (body: Body, kg: number, next: number): Body[] =>
  asRecords(body.prices).map((price) => (price.up_to_kg === kg ? { ...price, up_to_kg: next } : price));

/** Zones with one renamed, and the prices that follow it. */
export function renameZone(body: Body, at: number, name: string): Body {
  const zones = zonesOf(body);
  const before = asText(zones[at]?.name);
  return {
    zones: zones.map((zone, index) => (index === at ? { ...zone, name } : zone)),
    prices: asRecords(body.prices).map((price) => (asText(price.zone) === before ? { ...price, zone: name } : price)),
  };
}

/** What is missing before a rate table can be saved; empty when nothing is. */
export function validateRateTable(body: Body): string {
  if (asText(body.title) === '') return 'Enter a title';
  const zones = zonesOf(body);
  const names = zones.map((item) => asText(item.name));
  if (names.some((name) => name === '')) return 'Enter a name for every zone';
  if (new Set(names).size < names.length) return 'Two zones have the same name';
  const edges = zones.slice(0, -1).map((entry) => asNumber(entry.up_to_km));
  if (edges.some((edge, index) => index > 0 && edge < (edges[index - 1] ?? 0))) return 'Zone distances must increase';
  for (const zone of names) {
    const tiers = weightsOf(body).flatMap((kg) => priceAt(body, zone, kg) ?? []);
    if (tiers.some((price, index) => index > 0 && price < (tiers[index - 1] ?? 0)))
      return `Zone ${zone}: prices must not decrease with weight`;
  }
  return asRecords(body.factors).some((factor) => asText(factor.name) === '') ? 'Enter a name for every shipping rate factor' : '';
}
