import { expect, test } from 'vitest';
import { describeFieldPath } from './fieldPath';

test.each([
  ['lines.0.unit', 'Line 1, unit'],
  ['orders.0.lines.11.quantity', 'Order 1, line 12, quantity'],
  ['lines[0].product', 'Line 1, product'],
  ['orders[1].lines[10]', 'Order 2, line 11'],
  ['ship_to.postal_code', 'Ship to, postal code'],
  ['quantity', 'Quantity'],
  ['', ''],
])('%j is described as %j', (path, text) => {
  expect(describeFieldPath(path)).toBe(text);
});
