export const typeWords: Record<string, string> = {
  warehouse: 'Warehouse',
  store: 'Store',
  '3pl': '3PL',
  drop_ship_vendor: 'Drop-ship vendor',
  virtual: 'Virtual',
};

export const capabilityWords: Record<string, string> = {
  ship: 'Ships',
  pickup: 'Pickup in store',
  curbside: 'Curbside pickup',
  ship_to_store: 'Ship to store',
};

export const modeWords: Record<string, string> = { realtime: 'Real time', batch: 'Batch', reoptimize: 'Re-optimizer' };

const amount = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });

/** A cost with what it counts, where that is not said beside it. */
export const cost = (value: number | null | undefined, unit = ''): string =>
  value === null || value === undefined ? '—' : unit === '' ? amount.format(value) : `${amount.format(value)} ${unit}`;

/** What costs count: their currency, kilometers where distance is the objective, nothing where nobody said. */
export const unitOf = (found: { currency: string; parts: Record<string, number> }): string =>
  found.currency || ('distance' in found.parts ? 'km' : '');
/** A column of costs, with what they count. */
export const headed = (title: string, unit: string): string => (unit === '' ? title : `${title}, ${unit}`);
export const figure = (value: number): string => short.format(value);
export const share = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : percent.format(value));
export const seconds = (value: number): string => (value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${short.format(value)} s`);

/** `colorid=red, sizeid=m` as dimensions; undefined when it cannot be read so. */
export function dimensionsOf(text: string): Record<string, string> | undefined {
  const pairs = text
    .split(/[,;]/)
    .filter((item) => item.trim() !== '')
    .map((entry): [string, string] => {
      const [name = '', value = '', ...more] = entry.split('=').map((part) => part.trim());
      return more.length > 0 ? ['', ''] : [name, value];
    });
  return pairs.every(([name, value]) => name !== '' && value !== '') ? Object.fromEntries(pairs) : undefined;
}
