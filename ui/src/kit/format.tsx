import { Tooltip } from 'antd';
import { useEffect, useState } from 'react';

const currencyFormats = new Map<string, Intl.NumberFormat>();
const amountFormats = new Map<number, Intl.NumberFormat>();

/** The format of a currency; undefined for a text that is not a currency. */
function currencyFormat(currency: string): Intl.NumberFormat | undefined {
  let format = currencyFormats.get(currency);
  if (!format) {
    try {
      format = new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
    } catch {
      return undefined;
    }
    currencyFormats.set(currency, format);
  }
  return format;
}

/** Format a decimal string in a currency. */
export const formatMoney = (amount: string | number, currency: string): string =>
  currencyFormat(currency)?.format(Number(amount)) ?? `${amount} ${currency}`;

/** Format an amount without its currency, with the digits of that currency; two for an unknown one. */
export function formatAmount(amount: number, currency: string): string {
  const digits = currencyFormat(currency)?.resolvedOptions().maximumFractionDigits ?? 2;
  let format = amountFormats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    amountFormats.set(digits, format);
  }
  return format.format(amount);
}

export const formatNumber = (value: number): string => new Intl.NumberFormat().format(value);

/** A quantity with all its decimals: units have up to four. */
export const formatQuantity = (value: number): string => new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 }).format(value);

/** The dimensions of a variant that apply, as "Red, M". */
export const formatVariant = (variant: Record<string, string>): string => Object.values(variant).filter(Boolean).join(', ');

/** An amount with symbol and currency code. */
export function Money({ amount, currency, strong }: { amount: string | number; currency: string; strong?: boolean }) {
  return (
    <span className={strong ? 'figure strong' : 'figure'}>
      {formatMoney(amount, currency)} <span className="unit">{currency}</span>
    </span>
  );
}

export function Quantity({ value, unit }: { value: number; unit?: string }) {
  return (
    <span className="figure">
      {formatQuantity(value)}
      {unit ? <span className="unit"> {unit}</span> : null}
    </span>
  );
}

const relativeFormat = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const dateTimeFormat = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' });
const dateFormat = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

export function formatRelative(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return 'just now';
  if (size < 60) return relativeFormat.format(seconds, 'second');
  if (size < 3600) return relativeFormat.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relativeFormat.format(Math.round(seconds / 3600), 'hour');
  if (size < 7 * 86_400) return relativeFormat.format(Math.round(seconds / 86_400), 'day');
  return dateFormat.format(new Date(at));
}

export function formatDateTime(at: string): string {
  const date = new Date(at);
  return date.getFullYear() === new Date().getFullYear() ? dateTimeFormat.format(date) : dateFormat.format(date);
}

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

/** The time of an instant, with its day unless that is today. */
export function formatSince(at: string): string {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? timeFormat.format(date) : formatDateTime(at);
}

export const formatExactInstant = (at: string): string => `${exactFormat.format(new Date(at))} (${new Date(at).toISOString()})`;

/** The current time, updated every 30 seconds. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 30_000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** An instant in the user's time zone, with the exact one on hover. */
export function Timestamp({
  at,
  format: format = 'ago',
  emptyText: emptyText = '—',
}: {
  at: string | null | undefined;
  format?: 'ago' | 'date';
  emptyText?: string;
}) {
  const now = useNow();
  if (!at) return <span className="muted">{emptyText}</span>;
  return (
    <Tooltip title={formatExactInstant(at)} mouseEnterDelay={0.3}>
      <time dateTime={at} className="nowrap">
        {format === 'ago' ? formatRelative(at, now) : formatDateTime(at)}
      </time>
    </Tooltip>
  );
}

/** A calendar day. */
export function CalendarDate({ date }: { date: string | null | undefined }) {
  if (!date) return <span className="muted">—</span>;
  return <time dateTime={date}>{dateFormat.format(new Date(`${date.slice(0, 10)}T12:00:00`))}</time>;
}

export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '';
  if (ms < 1) return '<1 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
