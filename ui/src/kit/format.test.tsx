import { expect, test } from 'vitest';
import { formatRelative, formatDuration, formatMoney } from './format';

const now = Date.parse('2026-03-04T12:00:00Z');

test.each([
  ['2026-03-04T11:59:57Z', 'just now'],
  ['2026-03-04T11:58:00Z', '2 min. ago'],
  ['2026-03-04T09:00:00Z', '3 hr. ago'],
  ['2026-03-03T11:00:00Z', 'yesterday'],
  ['2026-03-04T12:05:00Z', 'in 5 min.'],
])('%s reads %s', (at, words) => {
  expect(formatRelative(at, now)).toBe(words);
});

test.each([
  ['1234.5', 'USD', '$1,234.50'],
  ['1234', 'JPY', '¥1,234'],
  ['12.30', 'not a currency', '12.30 not a currency'],
])('%s %s is written %s', (amount, currency, written) => {
  expect(formatMoney(amount, currency)).toBe(written);
});

test.each([
  [0.2, '<1 ms'],
  [214, '214 ms'],
  [1530, '1.5 s'],
  [null, ''],
])('%s ms lasts %j', (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});
