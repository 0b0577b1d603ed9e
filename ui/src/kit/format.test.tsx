import { render, screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import {
  CalendarDate,
  formatDateTime,
  formatDuration,
  formatExactInstant,
  formatMoney,
  formatNumber,
  formatQuantity,
  formatRelative,
  formatVariant,
  Money,
  Quantity,
  Timestamp,
} from './format';

const now = Date.parse('2026-03-04T12:00:00Z');

test.each([
  ['2026-03-04T11:59:57Z', 'just now'],
  ['2026-03-04T11:59:30Z', '30 sec. ago'],
  ['2026-03-04T11:58:00Z', '2 min. ago'],
  ['2026-03-04T09:00:00Z', '3 hr. ago'],
  ['2026-03-03T11:00:00Z', 'yesterday'],
  ['2026-03-04T12:05:00Z', 'in 5 min.'],
  ['2025-01-15T12:00:00Z', 'Jan 15, 2025'],
])('%s is %s', (at, words) => {
  expect(formatRelative(at, now)).toBe(words);
});

test.each([
  ['1234.5', 'USD', '$1,234.50'],
  ['1234', 'JPY', '¥1,234'],
  [0, 'EUR', '€0.00'],
  ['-12.3', 'USD', '-$12.30'],
  ['12.30', 'not a currency', '12.30 not a currency'],
])('%s %s is formatted as %s', (amount, currency, formatted) => {
  expect(formatMoney(amount, currency)).toBe(formatted);
});

test.each([
  [0.2, '<1 ms'],
  [214, '214 ms'],
  [1530, '1.5 s'],
  [59_999, '60.0 s'],
  [180_000, '3 min'],
  [null, ''],
  [undefined, ''],
])('%s ms is formatted as %j', (milliseconds, words) => {
  expect(formatDuration(milliseconds)).toBe(words);
});

test.each([
  [0, '0'],
  [1234567, '1,234,567'],
  [12.5, '12.5'],
])('the number %d is formatted as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('dates of other years have the year', () => {
  expect(formatDateTime('2020-02-01T10:00:00Z')).toBe('Feb 1, 2020');
});

test('the exact instant includes the ISO form', () => {
  expect(formatExactInstant('2026-03-04T12:00:00Z')).toContain('2026-03-04T12:00:00.000Z');
});

describe('components', () => {
  test('money has the symbol and the currency code', () => {
    const { container } = render(<Money amount="10" currency="USD" strong />);
    expect(container).toHaveTextContent('$10.00 USD');
    expect(container.querySelector('.strong')).not.toBeNull();
  });

  test('a quantity has its unit when it has one', () => {
    const { container, rerender } = render(<Quantity value={1200} unit="ea" />);
    expect(container).toHaveTextContent('1,200 ea');
    rerender(<Quantity value={3} />);
    expect(container).toHaveTextContent('3');
  });

  test('a timestamp keeps the instant and shows a text without one', () => {
    const { rerender } = render(<Timestamp at="2026-03-04T12:00:00Z" format="date" />);
    expect(document.querySelector('time')).toHaveAttribute('dateTime', '2026-03-04T12:00:00Z');
    rerender(<Timestamp at={null} emptyText="Never" />);
    expect(screen.getByText('Never')).toBeVisible();
  });

  test('a calendar date has no time', () => {
    const { rerender } = render(<CalendarDate date="2026-11-24T00:00:00Z" />);
    expect(screen.getByText('Nov 24, 2026')).toBeVisible();
    rerender(<CalendarDate date={undefined} />);
    expect(screen.getByText('—')).toBeVisible();
  });
});

test.each([
  [2, '2'],
  [0.75, '0.75'],
  [1.2345, '1.2345'],
  [0.1 + 0.2, '0.3'],
  [1250, '1,250'],
])('the quantity %s is shown with its own decimals', (quantity, text) => {
  expect(formatQuantity(quantity)).toBe(text);
});

test('a variant is shown by the dimensions that it has', () => {
  expect(formatVariant({ size: 'M', color: 'Red', style: '', configuration: '' })).toBe('M, Red');
  expect(formatVariant({ size: '', color: '' })).toBe('');
});
