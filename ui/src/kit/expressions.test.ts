import { expect, test } from 'vitest';
import { describeCell, describeExpression } from './expressions';

test.each([
  ["shipping_method == 'Express'", 'Shipping method is Express'],
  ["instance != 'lab-intake'", 'Instance is not lab-intake'],
  ['total_amount >= 50', 'Total amount is at least 50'],
  ['total_amount > 50', 'Total amount is more than 50'],
  ['line_count <= 3', 'Line count is at most 3'],
  ['line_count < 3', 'Line count is less than 3'],
  ["ship_to.country == 'US'", 'Ship to country is US'],
  ["ship_to.country == ''", 'Ship to country is empty'],
  ['customer.number == null', 'Customer number is empty'],
  ['held == true', 'Held is yes'],
  ["ship_to.state in ['WA', 'OR']", 'Ship to state is one of WA, OR'],
  ["origin == 'web' and total_amount > 100", 'Origin is web, and total amount is more than 100'],
  ["origin == 'web' or origin == 'app'", 'Origin is web, or origin is app'],
  ['all(lines, #.quantity == #.shipped + #.canceled)', 'For all lines: quantity is shipped plus canceled'],
  ['some(lines, #.quantity > 1)', 'For at least one of the lines: quantity is more than 1'],
  ["none(lines, #.state == 'on_hold')", 'For none of the lines: state is on_hold'],
  ["note == 'a and b'", 'Note is a and b'],
])('%s reads "%s"', (expression, sentence) => {
  expect(describeExpression(expression)).toBe(sentence);
});

test.each(['not matches($, "^[0-9]{5}$")', 'total_amount * 2 > 10', 'len(lines) > 3', "a == 'x' and f(b)", 'some(lines, f(#))'])(
  '%s is too complex for a sentence',
  (expression) => {
    expect(describeExpression(expression)).toBeUndefined();
  },
);

test.each([
  ["'US'", 'US'],
  ["'WA', 'OR', 'ID'", 'WA, OR, ID'],
  ['>= 50', 'At least 50'],
  ['> 50', 'More than 50'],
  ['<= 50', 'At most 50'],
  ['< 50', 'Less than 50'],
  ["!= 'US'", 'Not US'],
  ["== 'US'", 'US'],
  ['[1..10]', '1 to 10'],
  ["''", 'Empty'],
  ['null', 'Empty'],
  ['true', 'yes'],
])('the cell %s reads "%s"', (cell, text) => {
  expect(describeCell(cell)).toBe(text);
});

test.each(['not matches($, "^[0-9]{5}$")', '> len(lines)', 'f(1)'])('the cell %s is too complex for words', (cell) => {
  expect(describeCell(cell)).toBeUndefined();
});
