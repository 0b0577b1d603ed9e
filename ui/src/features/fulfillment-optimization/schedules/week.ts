import type { Body } from '@client/configuration';
import { asRecord, asRecords, asStrings, asText } from '@kit/forms/fields';

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof weekdays)[number];
/** Opening and closing time in minutes after midnight. */
export type Span = readonly [number, number];

const MINUTES_PER_DAY = 1440;
export const dayName = (day: Weekday): string => day.charAt(0).toUpperCase() + day.slice(1);
export const shortDayName = (day: Weekday): string => dayName(day).slice(0, 3);

export const minutesOf = (time: string): number => {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
};

/** Hours of a calendar without any. */
const defaultHours: Record<string, unknown> = Object.fromEntries(
  weekdays.slice(0, 5).map((day) => [day, [{ opens: '08:00', closes: '17:00' }]]),
);
export const hoursOf = (body: Body): Record<string, unknown> =>
  body.hours === undefined || body.hours === null ? defaultHours : asRecord(body.hours);
export const rowsOf = (hours: Record<string, unknown>, day: Weekday): Body[] => asRecords(hours[day]);

export const spansOf = (rows: Body[]): Span[] =>
  rows
    .map((row): Span => [minutesOf(asText(row.opens)), minutesOf(asText(row.closes))])
    .filter(([from, to]) => Number.isFinite(from) && Number.isFinite(to) && from < to && to <= MINUTES_PER_DAY);

export const weekSpans = (body: Body): Span[][] => weekdays.map((day) => spansOf(rowsOf(hoursOf(body), day)));

/** Pickup times by weekday, in minutes after midnight. */
export const weekCalls = (body: Body): number[][] =>
  weekdays.map((day) =>
    asRecords(body.pickups)
      .filter((pickup) => asStrings(pickup.weekdays).includes(day) && asText(pickup.at) !== '')
      .map((item) => minutesOf(asText(item.at)))
      .sort((a, b) => a - b),
  );

export const formatClock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

const describeDay = (spans: readonly Span[], calls: readonly number[]): string =>
  [...spans.map(([from, to]) => `${formatClock(from)}–${formatClock(to)}`), ...calls.map(formatClock)].join(', ') || '—';

/** Return a week in words, grouping equal days: "Mon–Fri 08:00–17:00". */
export function describeWeek(spans: readonly Span[][], calls: readonly number[][] = []): string {
  const days = weekdays.map((_, index) => describeDay(spans[index] ?? [], calls[index] ?? []));
  const parts: string[] = [];
  for (let from = 0; from < 7;) {
    let to = from;
    while (to < 6 && days[to + 1] === days[from]) to += 1;
    const [first, last] = [weekdays[from], weekdays[to]];
    if (days[from] !== '—' && first && last)
      parts.push(`${from === to ? shortDayName(first) : `${shortDayName(first)}–${shortDayName(last)}`} ${days[from]}`);
    from = to + 1;
  }
  return parts.join('; ') || 'Never';
}

/** Opening hours per week. */
export const weekHours = (spans: readonly Span[][]): number => spans.flat().reduce((sum, [from, to]) => sum + to - from, 0) / 60;

/** Return a validation message for the hours of a day, or an empty string. */
export function validateHours(rows: Body[]): string {
  for (const row of rows) {
    if (asText(row.opens) === '' || asText(row.closes) === '') return 'enter both times';
    if (minutesOf(asText(row.opens)) >= minutesOf(asText(row.closes))) return 'closes before it opens';
  }
  const spans = [...spansOf(rows)].sort((a, b) => a[0] - b[0]);
  return spans.some((span, index) => index > 0 && span[0] < (spans[index - 1]?.[1] ?? 0)) ? 'hours overlap' : '';
}

export const timeZones: string[] = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];
