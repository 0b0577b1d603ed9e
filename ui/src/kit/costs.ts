import { formatAmount } from './format';

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
