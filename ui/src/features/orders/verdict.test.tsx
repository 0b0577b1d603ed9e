import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { order, orders, session, verdict } from '@tests/fixtures.mjs';
import { mockServer, type RecordedRequest, renderRoutes } from '@tests/harness';
import type { OrderDetail } from '@client/orders';
import { VerdictCard } from './VerdictCard';

const id = orders[0]?.id ?? '';
const dateFormat = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const shown = (day: string): string => dateFormat.format(new Date(`${day}T12:00:00`));

function show(part: object, permissions: string[] = ['*'], more: object = {}): RecordedRequest[] {
  const sent = mockServer({
    'GET /api/v1/session': () => ({ ...session, permissions }),
    'POST /api/v1/orders/release': () => ({ results: [{ id, ok: true, reason: '' }] }),
  });
  const detail = { ...order(id), ...more, verdict: { ...verdict, ...part } } as unknown as OrderDetail;
  renderRoutes([{ path: '/', element: <VerdictCard order={detail} /> }], '/');
  return sent;
}
const card = (): HTMLElement => screen.getByRole('status', { name: 'Verdict' });

test.each<[string, object, string]>([
  ['on time', {}, `Promised ${shown('2026-12-03')}, on time`],
  ['late', { timeliness: 'late', days_late: 2 }, `Promised ${shown('2026-12-03')}, 2 days late`],
  ['one day late', { timeliness: 'late', days_late: 1 }, `Promised ${shown('2026-12-03')}, 1 day late`],
  [
    'later than planned',
    { basis: 'plan', planned_on: '2026-11-28', timeliness: 'late', days_late: 2 },
    `Planned to ship ${shown('2026-11-28')}, 2 days late`,
  ],
  ['delivered on time', { status: 'delivered' }, `Promised ${shown('2026-12-03')}, delivered on time`],
  ['delivered late', { status: 'delivered', timeliness: 'late', days_late: 3 }, `Promised ${shown('2026-12-03')}, delivered 3 days late`],
  ['canceled', { status: 'canceled', basis: '', timeliness: '' }, `Promised ${shown('2026-12-03')}`],
  ['without a promise', { promised_on: null, basis: '', timeliness: '' }, 'No delivery date was promised.'],
])('the promise of an order %s', (_, part, expected) => {
  show({ status: 'in_progress', promised_on: '2026-12-03', text: 'Being checked and sourced', ...part });
  expect(card().querySelector('.verdict-promise')).toHaveTextContent(expected);
  expect(card().querySelector('.verdict-promise')?.textContent).toBe(expected);
});

test('an order that has ended without a promise says only how it ended', () => {
  show({ status: 'delivered', promised_on: null, basis: '', timeliness: '', text: 'Delivered' });
  expect(card().querySelector('.verdict-text')?.textContent).toBe('Delivered');
});

test.each<[string, string, string]>([
  ['open_connection', 'Open connection', '/providers/x7'],
  ['open_waiting_line', 'Open waiting line', '/waiting-lines?open=x7'],
  ['open_fulfillment_order', 'Open fulfillment order', '/fulfillment-orders/x7'],
])('the action %s leads to what the order waits for', (action, name, path) => {
  show({ status: 'awaiting_fulfiller', text: 'Waiting for Fabrikam 3PL to ship 3 units', action, target: 'x7' });
  expect(card()).toHaveTextContent('Waiting for Fabrikam 3PL to ship 3 units');
  expect(within(card()).getByRole('link', { name })).toHaveAttribute('href', path);
});

test('what is expected is said with its day, and reasons in sentence case', () => {
  show({ status: 'waiting_for_stock', text: 'Waiting for stock of Oak lamp', expected_on: '2026-12-01' });
  expect(card()).toHaveTextContent(`Waiting for stock of Oak lamp, expected ${shown('2026-12-01')}`);
});

test('a reason of the server is shown in sentence case', () => {
  show({ status: 'on_hold', text: 'On hold: Order Validation Failed' });
  expect(card()).toHaveTextContent('On hold: Order validation failed');
  expect(within(card()).queryByRole('button')).toBeNull();
});

test('an order on hold is released where the reason is', async () => {
  const sent = show({ status: 'on_hold', text: 'Put on hold by ann: delivery on Friday', action: 'release' });
  const button = within(card()).getByRole('button', { name: 'Release the hold' });
  await waitFor(() => expect(button).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(button);
  await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Release 1 order' }));
  await waitFor(() => expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ ids: [id], reason: '' }));
});

test('who may not change orders sees why the hold cannot be released', () => {
  show({ status: 'on_hold', text: 'Put on hold by ann', action: 'release' }, ['orders.read']);
  const button = within(card()).getByRole('button', { name: 'Release the hold' });
  expect(button).toHaveAttribute('aria-disabled', 'true');
  expect(button).toHaveAccessibleDescription('Your role may not change orders');
});
