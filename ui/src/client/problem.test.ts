import { expect, test } from 'vitest';
import { asProblem, problemFrom } from './problem';

test('problem+json keeps what, where, remedy and reference', () => {
  const body = {
    title: 'invalid',
    status: 422,
    detail: 'quantity is negative',
    where: 'orders.0.lines.1.quantity',
    remedy: 'send a positive whole number',
    reference: '51c0aa',
    problems: [{ where: 'orders.0', what: 'is refused', remedy: '' }],
  };
  expect(problemFrom(body, 422, '/api/v1/orders')).toMatchObject({
    what: 'quantity is negative',
    where: 'orders.0.lines.1.quantity',
    remedy: 'send a positive whole number',
    reference: '51c0aa',
    status: 422,
    problems: [{ where: 'orders.0', what: 'is refused', remedy: '' }],
  });
});

test('a response without a problem document has a generic remedy', () => {
  const problem = problemFrom('<html>', 502, '/api/v1/orders');
  expect(problem.what).toBe('The server returned error 502 without details');
  expect(problem.where).toBe('/api/v1/orders');
  expect(problem.remedy).not.toBe('');
});

test('a lost connection differs from a rejected request', () => {
  expect(asProblem(new TypeError('fetch failed'))).toMatchObject({ what: 'The server cannot be reached', status: 0 });
});
