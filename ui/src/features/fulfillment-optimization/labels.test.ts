import { describe, expect, test } from 'vitest';
import { costUnit, formatCost, withUnit } from '@kit/costs';
import { formatDecimal, formatPercent, formatSeconds, parseDimensions } from './labels';
import { significantParts } from './plans/CostBreakdown';

describe('costs', () => {
  test.each([
    [7.271, 'EUR', '7.27 EUR'],
    [1.105, 'KWD', '1.105 KWD'],
    [1.1, 'KWD', '1.100 KWD'],
    [1050.4, 'JPY', '1,050 JPY'],
    [12.345, 'km', '12.35 km'],
    [1234, '', '1,234.00'],
    [null, 'EUR', '—'],
    [undefined, '', '—'],
  ])('%s %s is formatted as %s', (value, unit, text) => {
    expect(formatCost(value, unit)).toBe(text);
  });

  test('a cost without its unit has the digits of its currency', () => {
    expect(formatCost(1.105, '', 'KWD')).toBe('1.105');
    expect(formatCost(1.105, '')).toBe('1.11');
  });

  test('the unit of a cost is its currency, or km when distance is minimized', () => {
    expect(costUnit({ currency: 'EUR', parts: { distance: 1 } })).toBe('EUR');
    expect(costUnit({ currency: '', parts: { distance: 1 } })).toBe('km');
    expect(costUnit({ currency: '', parts: {} })).toBe('');
  });

  test('a column title has the unit', () => {
    expect(withUnit('Cost', 'EUR')).toBe('Cost, EUR');
    expect(withUnit('Cost', '')).toBe('Cost');
  });

  test('parts that round to zero are omitted, and the highest is first', () => {
    expect(significantParts({ parcel: 6, carriage: 1.5, split: 0.001, credit: -3 })).toEqual([
      ['parcel', 6],
      ['credit', -3],
      ['carriage', 1.5],
    ]);
  });
});

test.each([
  [0.0004, '1 ms'],
  [0.061, '61 ms'],
  [2.345, '2.35 s'],
])('%s seconds are formatted as %s', (value, text) => {
  expect(formatSeconds(value)).toBe(text);
});

test('decimals and percentages are rounded', () => {
  expect(formatDecimal(1.2345)).toBe('1.23');
  expect(formatPercent(0.01119)).toBe('1.12%');
  expect(formatPercent(null)).toBe('—');
});

test.each([
  ['colorid=red, sizeid=m', { colorid: 'red', sizeid: 'm' }],
  ['colorid=red;sizeid=m', { colorid: 'red', sizeid: 'm' }],
  ['', {}],
  ['red', undefined],
  ['colorid=', undefined],
  ['a=b=c', undefined],
])('the variant %j is parsed as %j', (text, dimensions) => {
  expect(parseDimensions(text)).toEqual(dimensions);
});
