import { expect, test } from 'vitest';
import { validateCalendar } from './CalendarFields';
import { describeTransit, validateCarrier } from './CarrierFields';
import { describeRecurrence } from './recurrence';
import { describeHolidays, weekdaysOrDefault } from './scheduleFields';

test.each([
  ['FREQ=MONTHLY;BYDAY=1MO;BYHOUR=10;BYMINUTE=0;BYSECOND=0', 'Every month on the first Monday at 10:00'],
  ['FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=30', 'Every week on Monday, Thursday at 09:30'],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=FR', 'Every 2 weeks on Friday'],
  ['FREQ=MONTHLY;BYDAY=-1FR', 'Every month on the last Friday'],
  ['RRULE:FREQ=DAILY', 'Every day'],
])('%s is "%s"', (rule, text) => {
  expect(describeRecurrence(rule)).toBe(text);
});

test.each(['FREQ=MONTHLY;BYMONTHDAY=15', 'FREQ=SECONDLY', 'text', 'FREQ=WEEKLY;BYDAY=XX'])('%s has no description', (rule) => {
  expect(describeRecurrence(rule)).toBeUndefined();
});

test.each([
  [{ title: '' }, 'Enter a title'],
  [{ title: 'A', hours: { monday: [{ opens: '09:00', closes: '08:00' }] } }, 'Monday: closes before it opens'],
  [{ title: 'A', closures: [{ from: '2026-11-21', to: '2026-11-20' }] }, 'A closure ends before it begins'],
  [{ title: 'A' }, ''],
])('the calendar %j is validated as "%s"', (body, message) => {
  expect(validateCalendar(body)).toBe(message);
});

const service = { name: 'ground', title: 'Ground', bands: [{ up_to_km: null, days: 3 }] };

test.each([
  [{ title: '', services: [service] }, 'Enter a title'],
  [{ title: 'UPS', services: [{ ...service, name: '' }] }, 'Enter a name and a title for every service'],
  [{ title: 'UPS', services: [service, service] }, 'Two services have the same name'],
  [{ title: 'UPS', services: [{ ...service, bands: [{ up_to_km: 500 }, { up_to_km: 400 }, {}] }] }, 'Ground: distances must increase'],
  [{ title: 'UPS', services: [{ ...service, delivers: [] }] }, 'Ground: choose transit and delivery days'],
  [{ title: 'UPS', services: [service] }, ''],
])('the carrier %j is validated as "%s"', (body, message) => {
  expect(validateCarrier(body)).toBe(message);
});

test.each([
  [[{ days: 2 }, { days: 5 }], '2–5 days'],
  [[{ days: 1 }], '1 day'],
])('transit times %j are %s', (bands, text) => {
  expect(describeTransit({ bands })).toBe(text);
});

test('holidays are described by country and state', () => {
  expect(describeHolidays([{ country: 'US', subdivision: 'WA' }, { country: 'BR' }])).toBe('US-WA, BR');
});

test('a service without days works from Monday to Friday', () => {
  expect(weekdaysOrDefault(undefined)).toHaveLength(5);
  expect(weekdaysOrDefault(['saturday'])).toEqual(['saturday']);
});
