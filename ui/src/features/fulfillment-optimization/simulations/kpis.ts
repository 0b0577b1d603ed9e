import { formatAmount } from '@kit/format';
import type { Difference } from '@client/sourcing';

interface Kpi {
  title: string;
  /** `cost` is money in the currency of the strategy, `money` in the currency of the orders. */
  kind: 'money' | 'cost' | 'number' | 'km' | 'share';
  /** Which direction is an improvement; absent when neither is. */
  better?: 'up' | 'down';
}

/** KPIs in display order. */
export const kpis: Record<string, Kpi> = {
  cost: { title: 'Fulfillment cost', kind: 'cost', better: 'down' },
  cost_per_fulfilled_order: { title: 'Cost per fulfilled order', kind: 'cost', better: 'down' },
  avg_fulfillment_distance_km: { title: 'Average fulfillment distance', kind: 'km', better: 'down' },
  fill_rate: { title: 'Fill rate', kind: 'share', better: 'up' },
  orders: { title: 'Orders', kind: 'number' },
  orders_per_week: { title: 'Orders per week', kind: 'number' },
  order_lines: { title: 'Order lines', kind: 'number' },
  revenue: { title: 'Revenue', kind: 'money', better: 'up' },
  lost_revenue: { title: 'Lost revenue', kind: 'money', better: 'down' },
  revenue_per_order: { title: 'Revenue per order', kind: 'money', better: 'up' },
  revenue_per_fulfilled_order: { title: 'Revenue per fulfilled order', kind: 'money' },
  sources_per_day: { title: 'Sources used per day', kind: 'number' },
  sources_used: { title: 'Sources used in total', kind: 'number' },
  sources_per_order: { title: 'Sources per order', kind: 'number', better: 'down' },
  split_rate: { title: 'Split orders', kind: 'share', better: 'down' },
  orders_in_full: { title: 'Orders in full', kind: 'number', better: 'up' },
  orders_in_part: { title: 'Orders in part', kind: 'number', better: 'down' },
  orders_unfulfilled: { title: 'Orders not fulfilled', kind: 'number', better: 'down' },
};

export const dailyTitles: Record<string, string> = {
  orders: 'Orders per day',
  order_lines: 'Order lines per day',
  revenue: 'Revenue per day',
  cost: 'Fulfillment cost per day',
  fill_rate: 'Fill rate by day',
  avg_fulfillment_distance_km: 'Fulfillment distance by day',
  sources: 'Sources used by day',
};

const decimalFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const compactFormat = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 2 });
const percentFormat = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** The currency of a KPI; empty for KPIs that are not money. */
export const kpiCurrency = (name: string, view: { currency: string; cost_currency: string }): string => {
  const kind = kpis[name]?.kind;
  return kind === 'cost' ? view.cost_currency : kind === 'money' ? view.currency : '';
};

/** Format a KPI with its unit. */
export function formatKpi(name: string, value: number, currency = ''): string {
  const kind = kpis[name]?.kind ?? 'number';
  if (kind === 'share') return percentFormat.format(value);
  const formatted =
    Math.abs(value) >= 100_000
      ? compactFormat.format(value)
      : kind === 'money' || kind === 'cost'
        ? formatAmount(value, currency)
        : decimalFormat.format(value);
  if (kind === 'km') return `${formatted} km`;
  return (kind === 'money' || kind === 'cost') && currency !== '' ? `${formatted} ${currency}` : formatted;
}

/** Format a KPI for a chart axis. */
export const formatKpiAxis = (name: string, value: number): string =>
  (kpis[name]?.kind === 'share' ? percentFormat : compactFormat).format(value);

/** Format a difference with its sign; "±" when it rounds to zero. */
export function formatDifference(name: string, value: number, currency = ''): string {
  const formatted = formatKpi(name, Math.abs(value), currency);
  if (formatted === formatKpi(name, 0, currency)) return `±${formatted}`;
  return `${value > 0 ? '+' : '−'}${formatted}`;
}

/** Whether a difference is an improvement; "even" when it is not significant. */
export function differenceDirection(name: string, difference: Difference): 'better' | 'worse' | 'even' {
  const better = kpis[name]?.better;
  if (!difference.certain || better === undefined || difference.mean === 0) return 'even';
  return difference.mean > 0 === (better === 'up') ? 'better' : 'worse';
}

/** Axis label of the day `index` days after `from`. */
export function dayLabel(from: string, index: number): string {
  const day = new Date(`${from}T12:00:00Z`);
  day.setUTCDate(day.getUTCDate() + index);
  return day.toLocaleDateString(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
}

export const simulationTemplates: Record<string, { title: string; description: string }> = {
  source_optimization: {
    title: 'Source optimization',
    description: 'Change constraints, the strategy or active sources.',
  },
  demand_shock: {
    title: 'Demand shock',
    description: 'Increase demand for all or selected products.',
  },
  network_expansion: { title: 'Network expansion', description: 'Add a source to the network.' },
  new_product: { title: 'New product', description: 'Add a product that sells like an existing one.' },
};

export const simulationStates: Record<string, { label: string; tone: 'neutral' | 'progress' | 'done' | 'failed' }> = {
  waiting: { label: 'Waiting', tone: 'neutral' },
  running: { label: 'Running', tone: 'progress' },
  finished: { label: 'Finished', tone: 'done' },
  failed: { label: 'Failed', tone: 'failed' },
};
