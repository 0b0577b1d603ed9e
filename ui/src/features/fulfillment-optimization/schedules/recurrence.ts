const dayNames: Record<string, string> = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
};
const ordinals: Record<string, string> = { '1': 'first', '2': 'second', '3': 'third', '4': 'fourth', '-1': 'last' };
const periods: Record<string, string> = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' };
const supported = new Set(['FREQ', 'INTERVAL', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND']);

function describeDay(day: string): string | undefined {
  const match = /^(-?\d)?([A-Z]{2})$/.exec(day);
  const name = dayNames[match?.[2] ?? ''];
  if (name === undefined) return undefined;
  const ordinal = match?.[1];
  return ordinal === undefined ? name : `the ${ordinals[ordinal] ?? ordinal} ${name}`;
}

function describeTime(parts: Map<string, string>): string {
  const hour = parts.get('BYHOUR');
  if (hour === undefined || !/^\d+$/.test(hour)) return '';
  return ` at ${hour.padStart(2, '0')}:${(parts.get('BYMINUTE') ?? '0').padStart(2, '0')}`;
}

/** Return an RFC 5545 recurrence rule in words, or undefined for rules with other parts. */
export function describeRecurrence(rule: string): string | undefined {
  const parts = new Map<string, string>();
  for (const part of rule.replace(/^RRULE:/, '').split(';')) {
    const [name = '', value = ''] = part.split('=');
    if (!supported.has(name)) return undefined;
    parts.set(name, value);
  }
  const period = periods[parts.get('FREQ') ?? ''];
  if (period === undefined) return undefined;
  const interval = Number(parts.get('INTERVAL') ?? '1');
  const every = interval === 1 ? `Every ${period}` : `Every ${interval} ${period}s`;
  const byDay = parts.get('BYDAY');
  if (byDay === undefined) return every + describeTime(parts);
  const days = byDay.split(',').map(describeDay);
  if (days.some((day) => day === undefined)) return undefined;
  return `${every} on ${days.join(', ')}${describeTime(parts)}`;
}
