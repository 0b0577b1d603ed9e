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

/** Money whose currency is that of the environment: the documents do not name one. */
export const cost = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : amount.format(value));
export const figure = (value: number): string => short.format(value);
export const share = (value: number | null | undefined): string => (value === null || value === undefined ? '—' : percent.format(value));
export const seconds = (value: number): string => (value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${short.format(value)} s`);
