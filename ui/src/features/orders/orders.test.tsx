import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { failedFlowRun, flowRuns, moves, order, orders, session, sourcing, timeline, verdict } from '@tests/fixtures.mjs';
import { ProblemResponse, mockServer, renderRoutes } from '@tests/harness';
import OrderPage from './OrderPage';
import OrdersPage from './OrdersPage';
import { eventTone } from './TimelineCard';

const routes = [
  { path: '/orders', Component: OrdersPage },
  { path: '/orders/:id', Component: OrderPage },
];
const rows = orders.slice(0, 3);
const empty = { items: [], next: null };
const around = {
  'GET /api/v1/orders/counts': () => ({ states: { new: 4, on_hold: 2 }, manual_hold: 2, failed: 1 }),
  'GET /api/v1/provider-instances': () => ({ items: [] }),
  'GET /api/v1/sources': () => ({ items: [] }),
};

function orderReplies(id: string, failed = false) {
  const path = `/api/v1/orders/${id}`;
  return {
    'GET /api/v1/session': () => session,
    [`GET ${path}`]: () => order(id),
    [`GET ${path}/timeline`]: () => ({ events: timeline }),
    [`GET ${path}/fulfillment-orders`]: () => empty,
    [`GET ${path}/sourcing`]: () => ({ decisions: sourcing, moves: [] }),
    [`GET ${path}/flow-runs`]: () => ({ flow_runs: failed ? [failedFlowRun] : flowRuns }),
  };
}

test('selecting a state stores it in the URL and filters the list', async () => {
  const sent = mockServer({ ...around, 'GET /api/v1/orders': () => ({ items: rows, next: null }) });
  const { router } = renderRoutes(routes, '/orders');
  await screen.findByRole('link', { name: rows[0]?.number });
  await userEvent.click(screen.getByRole('button', { name: /On hold/ }));
  await waitFor(() => expect(router.state.location.search).toBe('?state=on_hold'));
  await waitFor(() =>
    expect(
      sent
        .filter((item) => item.path === '/api/v1/orders')
        .at(-1)
        ?.query.get('state'),
    ).toBe('on_hold'),
  );
});

test('the pager requests the next page by cursor and returns to the first page', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/orders': ({ query }) => (query.get('after') ? { items: orders.slice(3, 5), next: null } : { items: rows, next: 'K2' }),
  });
  renderRoutes(routes, '/orders');
  await userEvent.click(await screen.findByRole('button', { name: 'Next' }));
  await screen.findByRole('link', { name: orders[3]?.number });
  expect(sent.some((item) => item.query.get('after') === 'K2')).toBe(true);
  expect(screen.queryByRole('link', { name: rows[0]?.number })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Previous' }));
  await screen.findByRole('link', { name: rows[0]?.number });
});

test('a bulk hold sends the reason and reports row by row', async () => {
  const [first, second] = rows;
  const sent = mockServer({
    ...around,
    'GET /api/v1/orders': () => ({ items: rows, next: null }),
    'POST /api/v1/orders/hold': () => ({
      results: [
        { id: first?.id, ok: true, reason: '' },
        { id: second?.id, ok: false, reason: 'Fulfillment has started' },
      ],
    }),
  });
  renderRoutes(routes, '/orders');
  await userEvent.click(await screen.findByRole('checkbox', { name: `Select ${first?.number ?? ''}` }));
  await userEvent.click(screen.getByRole('checkbox', { name: `Select ${second?.number ?? ''}` }));
  await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.type(within(dialog).getByLabelText(/Reason/), 'Customer request');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 2 orders' }));
  await within(dialog).findByText('Fulfillment has started');
  expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ ids: [first?.id, second?.id], reason: 'Customer request' });
});

test('a rejected action keeps its input and shows the remedy and the reference', async () => {
  mockServer({
    ...around,
    'GET /api/v1/orders': () => ({ items: rows, next: null }),
    'POST /api/v1/orders/cancel': () =>
      new ProblemResponse(403, { detail: 'Dana may not do this', remedy: 'ask for orders.write', reference: 'abc123' }),
  });
  renderRoutes(routes, '/orders');
  await userEvent.click(await screen.findByRole('checkbox', { name: `Select ${rows[0]?.number ?? ''}` }));
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.type(within(dialog).getByLabelText(/Reason/), 'fraud');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Cancel 1 order' }));
  const alert = await within(dialog).findByRole('alert');
  expect(alert).toHaveTextContent('ask for orders.write');
  expect(alert).toHaveTextContent('abc123');
  expect(within(dialog).getByLabelText(/Reason/)).toHaveValue('fraud');
});

test('empty states differ for empty and for filtered lists', async () => {
  mockServer({ ...around, 'GET /api/v1/orders': () => empty });
  const { router } = renderRoutes(routes, '/orders?state=new');
  await userEvent.click(await screen.findByRole('button', { name: 'Clear filters' }));
  await screen.findByText('No orders yet');
  expect(router.state.location.search).toBe('');
});

test('an action that is not allowed is disabled and explains why', async () => {
  const id = orders[0]?.id ?? '';
  const sent = mockServer(orderReplies(id));
  renderRoutes(routes, `/orders/${id}`);
  const cancel = await screen.findByRole('button', { name: 'Cancel' });
  expect(cancel).toHaveAttribute('aria-disabled', 'true');
  expect(cancel).toHaveAccessibleDescription('Part of the order has shipped');
  await userEvent.click(cancel);
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(sent.every((item) => item.method === 'GET')).toBe(true);
});

test('a failed step shows its error and can be reprocessed', async () => {
  const id = orders[1]?.id ?? '';
  const sent = mockServer({
    ...orderReplies(id, true),
    'POST /api/v1/flow-runs/reprocess': () => ({ results: [{ id, ok: true, reason: '' }] }),
  });
  renderRoutes(routes, `/orders/${id}`);
  const card = (await screen.findByRole('heading', { name: 'Stopped at “Send to 3PL”' })).closest('section')!;
  expect(card).toHaveTextContent('The 3PL answered 422');
  expect(card).toHaveTextContent('To do: Correct the ship-to address, then reprocess');
  const reprocess = screen.getByRole('button', { name: 'Reprocess' });
  await waitFor(() => expect(reprocess).toHaveClass('ant-btn-primary'));
  await userEvent.click(reprocess);
  await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Reprocess 1 order' }));
  await waitFor(() => expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ order_ids: [id] }));
});

const failedRunId = (failedFlowRun as { id: string }).id;

test('a failed step is skipped from the page of its order, and the dialog says what that means', async () => {
  const id = orders[1]?.id ?? '';
  const sent = mockServer({
    ...orderReplies(id, true),
    'POST /api/v1/flow-runs/skip': () => ({ results: [{ id: failedRunId, ok: true, reason: '' }] }),
  });
  renderRoutes(routes, `/orders/${id}`);
  const skip = await screen.findByRole('button', { name: 'Skip step' });
  await waitFor(() => expect(skip).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(skip);
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.getByText(/continues after “Send to 3PL” as if the step had succeeded/)).toBeInTheDocument();
  await userEvent.click(dialog.getByRole('button', { name: 'Skip step 1 order' }));
  await waitFor(() => expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ run_ids: [failedRunId] }));
});

test('the sourcing decision shows every candidate with its outcome', async () => {
  const id = orders[0]?.id ?? '';
  mockServer(orderReplies(id));
  renderRoutes(routes, `/orders/${id}`);
  expect(await screen.findByText('SEA, CHI for 22.30 USD')).toBeVisible();
  expect(screen.getByText('Closed on Saturday')).not.toBeVisible();
  await userEvent.click(screen.getByRole('heading', { name: 'Sourcing decision' }));
  expect(screen.getByText('Closed on Saturday')).toBeVisible();
  expect(screen.getByText('Only 1 of 3 available')).toBeVisible();
  expect(screen.getAllByText('Chosen')).toHaveLength(3);
  expect(screen.getAllByText('5.80 USD more')).toHaveLength(2);
  expect(screen.getAllByRole('columnheader', { name: 'Cost, USD' })).toHaveLength(3);
});

test('the decisions about several addresses are summed up together', async () => {
  const id = orders[0]?.id ?? '';
  const [decision] = sourcing;
  const other = { ...decision!, id: 'other', cost: 7.7, chosen: [{ ...decision!.chosen[0]!, source: 'DAL' }] };
  const older = { ...other, id: 'older', decided_at: '2026-01-02T08:00:00Z' };
  mockServer({ ...orderReplies(id), [`GET /api/v1/orders/${id}/sourcing`]: () => ({ decisions: [decision, other, older], moves: [] }) });
  renderRoutes(routes, `/orders/${id}`);
  expect(await screen.findByText('SEA, CHI, DAL for 30.00 USD')).toBeVisible();
});

test('a line that was moved after the decision says from where and what that saved', async () => {
  const id = orders[0]?.id ?? '';
  const path = `/api/v1/orders/${id}/sourcing`;
  const cheaper = sourcing.map((decision) => ({
    ...decision,
    candidates: decision.candidates.map((item) => ({ ...item, difference: item.difference === null ? null : -0.5 })),
  }));
  mockServer({ ...orderReplies(id), [`GET ${path}`]: () => ({ decisions: cheaper, moves }) });
  renderRoutes(routes, `/orders/${id}`);
  expect(await screen.findByText('SEA, CHI for 22.30 USD, then moved')).toBeVisible();
  await userEvent.click(screen.getByRole('heading', { name: 'Sourcing decision' }));
  expect(screen.getByText(/was moved from DAL to CHI/)).toHaveTextContent('which saved 1.40 USD.');
  expect(screen.getAllByText('0.50 USD less, but not for the whole order')).toHaveLength(3);
});

test.each([
  ['order.lines_validation.failed', 'failed'],
  ['order.hold_placed', 'attention'],
  ['order.canceled', 'ended'],
  ['order.partially_shipped', 'moving'],
  ['order.shipped', 'done'],
  ['order.created', 'neutral'],
])('%s has the tone %s on the timeline', (name, tone) => {
  expect(eventTone(name)).toBe(tone);
});

const manager = { name: 'Dana', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const since = '2026-05-04T15:23:00Z';
const blocked = { instance: 'fabrikam-3pl', title: 'Fabrikam 3PL', since, cause: 'down' };

test('a search also finds parked orders and leads to their messages', async () => {
  const error = { what: 'no mapping for HALL-MIRROR', where: '', remedy: '' };
  const sent = mockServer({
    ...around,
    'GET /api/v1/session': () => manager,
    'GET /api/v1/orders': () => empty,
    'GET /api/v1/messages': () => ({ items: [{ id: '31', kind: 'order', key: '103', error, missing: [] }], next: 'more' }),
  });
  renderRoutes(routes, '/orders?search=rosa');
  const matches = await screen.findByRole('region', { name: 'Parked messages that match' });
  expect(within(matches).getByRole('link', { name: 'Order 103 is parked' })).toHaveAttribute('href', '/my-work/messages?message=31');
  expect(within(matches).getByRole('link', { name: 'View all that match' })).toHaveAttribute('href', '/my-work/messages?search=rosa');
  const query = sent.find((item) => item.path === '/api/v1/messages')?.query;
  expect([query?.get('search'), query?.get('state')]).toEqual(['rosa', 'parked']);
});

test('a blocked order names the provider that is down, in the list and on its page', async () => {
  const id = rows[0]?.id ?? '';
  mockServer({
    ...around,
    ...orderReplies(id),
    'GET /api/v1/orders': () => ({ items: [{ ...rows[0], blocked }, rows[1]], next: null }),
    [`GET /api/v1/orders/${id}`]: () => ({
      ...order(id),
      blocked,
      verdict: {
        ...verdict,
        status: 'blocked',
        text: 'Blocked: Fabrikam 3PL is down',
        since,
        action: 'open_connection',
        target: 'fabrikam-3pl',
      },
    }),
  });
  const { router } = renderRoutes(routes, '/orders');
  expect(await screen.findAllByText(/^Blocked: Fabrikam 3PL is down since /)).toHaveLength(1);
  await act(() => router.navigate(`/orders/${id}`));
  const notice = await screen.findByText(/^Blocked: Fabrikam 3PL is down since /);
  const card = notice.closest<HTMLElement>('[role=status]')!;
  expect(card).toHaveTextContent('The order continues on its own once the connection works again.');
  expect(within(card).getByRole('link', { name: 'Open connection' })).toHaveAttribute('href', '/providers/fabrikam-3pl');
});
