import type { Body } from '@client/configuration';
import { asNumber, asRecords, asText } from '@kit/forms/fields';

/** The weights with prices, ascending. */
export const weightsOf = (body: Body): number[] =>
  [...new Set(asRecords(body.prices).map((price) => asNumber(price.up_to_kg)))].sort((a, b) => a - b);

export const zonesOf = (body: Body): Body[] => asRecords(body.zones);

/** The distance range of a zone in words. */
export function describeZoneReach(zones: Body[], index: number): string {
  const reach = zones[index]?.up_to_km;
  if (typeof reach === 'number') return `up to ${reach} km`;
  return zones.length === 1 ? 'any distance' : 'farther';
}

export const priceAt = (body: Body, zone: string, kg: number): number | null => {
  const match = asRecords(body.prices).find((price) => asText(price.zone) === zone && price.up_to_kg === kg);
  return match === undefined ? null : asNumber(match.price);
};

/** Prices with one cell changed; null removes the price. */
export function withPrice(body: Body, zone: string, kg: number, price: number | null): Body[] {
  const others = asRecords(body.prices).filter((item) => asText(item.zone) !== zone || item.up_to_kg !== kg);
  return price === null ? others : [...others, { zone, up_to_kg: kg, price }];
}

/** Prices with one weight changed. */
export const withWeight = (body: Body, kg: number, next: number): Body[] =>
  asRecords(body.prices).map((price) => (price.up_to_kg === kg ? { ...price, up_to_kg: next } : price));

/** Zones and prices with one zone renamed. */
export function renameZone(body: Body, at: number, name: string): Body {
  const zones = zonesOf(body);
  const before = asText(zones[at]?.name);
  return {
    zones: zones.map((zone, index) => (index === at ? { ...zone, name } : zone)),
    prices: asRecords(body.prices).map((price) => (asText(price.zone) === before ? { ...price, zone: name } : price)),
  };
}

/** Return a validation message, or an empty string. */
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
