import { expect, test } from 'vitest';
import { describeDuration, isIsoDuration } from './duration';

test.each([
  ['PT2H', '2 hours'],
  ['P1D', '1 day'],
  ['P7D', '7 days'],
  ['PT1H30M', '1 hour 30 minutes'],
  ['PT0.5S', '0.5 seconds'],
  ['P1Y2M', '1 year 2 months'],
  ['P2W', '2 weeks'],
  ['PT1M', '1 minute'],
  ['PT0S', '0 seconds'],
  ['10s', '10 seconds'],
  ['1h', '1 hour'],
  ['250ms', '250 milliseconds'],
])('%s is %s', (text, words) => {
  expect(describeDuration(text)).toBe(words);
});

test.each(['soon', 'P', 'PT', 'PAID', '2026-11-21'])('%s is not a duration', (text) => {
  expect(isIsoDuration(text)).toBe(false);
  expect(describeDuration(text)).toBe(text);
});

test('ISO durations are recognized', () => {
  expect(isIsoDuration('PT2H')).toBe(true);
  expect(isIsoDuration('10s')).toBe(false);
});
