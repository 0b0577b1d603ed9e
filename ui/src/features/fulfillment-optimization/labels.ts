import { formatAmount } from '@kit/format';

export const sourceTypeLabels: Record<string, string> = {
  warehouse: 'Warehouse',
  store: 'Store',
  '3pl': '3PL',
  drop_ship_vendor: 'Drop-ship vendor',
  virtual: 'Virtual',
};

export const capabilityLabels: Record<string, string> = {
  ship: 'Ships',
  pickup: 'Pickup in store',
  curbside: 'Curbside pickup',
  ship_to_store: 'Ship to store',
};

export const planModeLabels: Record<string, string> = { realtime: 'Real time', batch: 'Batch', reoptimize: 'Re-optimizer' };

const decimalFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const percentFormat = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });

/** Format a cost with the digits of its currency, and with its unit unless shown elsewhere. */
export function formatCost(value: number | null | undefined, unit = '', currency = unit): string {
  if (value === null || value === undefined) return '—';
  const amount = formatAmount(value, currency);
  return unit === '' ? amount : `${amount} ${unit}`;
}

/** The unit of a cost: its currency, or km when the objective is distance. */
export const costUnit = (data: { currency: string; parts: Record<string, number> }): string =>
  data.currency || ('distance' in data.parts ? 'km' : '');
/** A column title with the unit of its costs. */
export const withUnit = (title: string, unit: string): string => (unit === '' ? title : `${title}, ${unit}`);
export const formatDecimal = (value: number): string => decimalFormat.format(value);
export const formatPercent = (value: number | null | undefined): string =>
  value === null || value === undefined ? '—' : percentFormat.format(value);
export const formatSeconds = (value: number): string =>
  value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${decimalFormat.format(value)} s`;

/** Parse `colorid=red, sizeid=m`; undefined when the text is malformed. */
export function parseDimensions(text: string): Record<string, string> | undefined {
  const pairs = text
    .split(/[,;]/)
    .filter((item) => item.trim() !== '')
    .map((entry): [string, string] => {
      const [name = '', value = '', ...more] = entry.split('=').map((part) => part.trim());
      return more.length > 0 ? ['', ''] : [name, value];
    });
  return pairs.every(([name, value]) => name !== '' && value !== '') ? Object.fromEntries(pairs) : undefined;
}
