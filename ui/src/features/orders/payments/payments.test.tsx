import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { orders, paymentRows, payments, session } from '@tests/fixtures.mjs';
import { mockServer, renderRoutes } from '@tests/harness';
import PaymentsCard from './PaymentsCard';
import PaymentsPage from './PaymentsPage';
import { refundProblem } from './RefundDialog';

const order = orders[0]!;
const path = `/api/v1/orders/${order.id}/payments`;
const refunded = { order_id: order.id, ok: true, amount: '20.00', ids: [], duplicate: false, reason: '' };

function showCard(answer: unknown, refund: unknown = refunded) {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    [`GET ${path}`]: () => answer,
    'POST /api/v1/payments/refund': () => ({ results: [refund] }),
    'POST /api/v1/payments/retry': () => ({ results: [{ id: payments.facts[0]?.id, ok: true, reason: '' }] }),
  });
  renderRoutes([{ path: '/', element: <PaymentsCard orderId={order.id} /> }], '/');
  return requests;
}

test('an amount must be above zero and at most what may be refunded', () => {
  expect(refundProblem('', '30.00')).toBe('Enter an amount above zero');
  expect(refundProblem('0', '30.00')).toBe('Enter an amount above zero');
  expect(refundProblem('30.01', '30.00')).toBe('More than may be refunded');
  expect(refundProblem('30', '30.00')).toBeUndefined();
});

test('the card shows balances, methods and what failed', async () => {
  showCard(payments);
  const history = await screen.findByRole('list', { name: 'History of payments' });
  expect(within(history).getAllByRole('listitem')).toHaveLength(5);
  expect(screen.getByText('Still to capture')).toBeInTheDocument();
  expect(screen.getByText('Shipped and not paid')).toBeInTheDocument();
  expect(within(history).getByText(/the issuer declined the capture/)).toBeInTheDocument();
});

test('an order without payments has no card', async () => {
  const requests = showCard({ currency: 'USD', totals: null, methods: [], facts: [] });
  await waitFor(() => expect(requests.some((sent) => sent.path === path)).toBe(true));
  expect(screen.queryByText('Payments')).not.toBeInTheDocument();
});

test('a refund is prefilled with what may be refunded and needs a reason', async () => {
  const requests = showCard(payments);
  await userEvent.click(await screen.findByRole('button', { name: 'Refund' }));
  const dialog = await screen.findByRole('dialog');
  const amount = within(dialog).getByLabelText(/^Amount in USD/);
  expect(amount).toHaveValue('30.00');
  await userEvent.click(within(dialog).getByRole('button', { name: /^Refund/ }));
  expect(requests.some((sent) => sent.method === 'POST')).toBe(false);

  await userEvent.clear(amount);
  await userEvent.type(amount, '20');
  await userEvent.type(within(dialog).getByLabelText('Reason'), 'arrived damaged');
  await userEvent.click(within(dialog).getByRole('button', { name: /^Refund/ }));
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  const [sent] = requests.filter((one) => one.method === 'POST');
  expect(sent?.body).toMatchObject({ refunds: [{ order_id: order.id, amount: '20', reason: 'arrived damaged', method_id: null }] });
});

test('a refused refund says why and keeps the input', async () => {
  showCard(payments, { ...refunded, ok: false, reason: '10.00 USD may be refunded at most' });
  await userEvent.click(await screen.findByRole('button', { name: 'Refund' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.type(within(dialog).getByLabelText('Reason'), 'late');
  await userEvent.click(within(dialog).getByRole('button', { name: /^Refund/ }));
  expect(await within(dialog).findByRole('alert')).toHaveTextContent('Not refunded: 10.00 USD may be refunded at most.');
  expect(within(dialog).getByLabelText('Reason')).toHaveValue('late');
});

test('the list shows payments with their orders and retries what failed', async () => {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    'GET /api/v1/payments': () => ({ items: paymentRows, next: null }),
    'GET /api/v1/saved-views': () => ({ items: [] }),
    'POST /api/v1/payments/retry': () => ({ results: [{ id: paymentRows[0]!.id, ok: true, reason: '' }] }),
  });
  renderRoutes([{ path: '/', element: <PaymentsPage /> }], '/');
  expect(await screen.findAllByText(order.number)).not.toHaveLength(0);
  expect(screen.getByText('Failed')).toBeInTheDocument();
  expect(requests.some((sent) => sent.path === '/api/v1/payments')).toBe(true);
});
