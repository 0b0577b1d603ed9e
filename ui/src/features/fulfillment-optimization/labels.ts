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
