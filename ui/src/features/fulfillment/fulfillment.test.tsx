import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { fulfillmentOrder, fulfillmentOrders } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import FulfillmentOrderPage from './FulfillmentOrderPage';
import FulfillmentOrdersPage from './FulfillmentOrdersPage';

const routes = [
  { path: '/fulfillment-orders', Component: FulfillmentOrdersPage },
  { path: '/fulfillment-orders/:id', Component: FulfillmentOrderPage },
];
const [first, second] = fulfillmentOrders;
const firstId = first?.id ?? '';
const secondId = second?.id ?? '';
const listReply = (items: unknown[]) => ({
  'GET /api/v1/fulfillment-orders': () => ({ items, next: null }),
  'GET /api/v1/sources': () => ({ items: [{ name: 'SEA', title: 'Seattle' }] }),
});

test('the list shows number, order, state, source and shipped units', async () => {
  mockServer(listReply(fulfillmentOrders.slice(0, 2)));
  renderRoutes(routes, '/fulfillment-orders');
  const row = (await screen.findByRole('link', { name: 'FO-20480-1' })).closest('tr') as HTMLElement;
  expect(within(row).getByRole('link', { name: '20480' })).toHaveAttribute('href', `/orders/${first?.order_id ?? ''}`);
  expect(row).toHaveTextContent('Partially shipped');
  expect(row).toHaveTextContent('SEA');
  expect(row).toHaveTextContent('1 of 3');
});

test('a state filter is sent to the server', async () => {
  const requests = mockServer(listReply([]));
  renderRoutes(routes, '/fulfillment-orders');
  await screen.findByText('No fulfillment orders yet');
  await userEvent.click(screen.getByRole('button', { name: 'Filter' }));
  await userEvent.click(await screen.findByRole('button', { name: 'State' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Declined' }));
  await screen.findByText('No matching fulfillment orders');
  expect(requests.findLast((request) => request.path === '/api/v1/fulfillment-orders')?.query.get('state')).toBe('declined');
  await userEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
  expect(await screen.findByText('No fulfillment orders yet')).toBeInTheDocument();
});

test('a row opens its fulfillment order', async () => {
  mockServer({
    ...listReply(fulfillmentOrders.slice(0, 1)),
    [`GET /api/v1/fulfillment-orders/${firstId}`]: () => fulfillmentOrder(firstId),
  });
  const { router } = renderRoutes(routes, '/fulfillment-orders');
  await userEvent.click(await screen.findByText('Ana Souza'));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/fulfillment-orders/${firstId}`));
  expect(await screen.findByRole('heading', { level: 1, name: 'FO-20480-1' })).toBeInTheDocument();
});

test('a failed list can be retried', async () => {
  let fails = true;
  mockServer({
    ...listReply([]),
    'GET /api/v1/fulfillment-orders': () =>
      fails ? new ProblemResponse(503, { detail: 'Maintenance until 14:00' }) : { items: [], next: null },
  });
  renderRoutes(routes, '/fulfillment-orders');
  await screen.findByText('Maintenance until 14:00');
  fails = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByText('No fulfillment orders yet')).toBeInTheDocument();
});

test('the page shows lines, shipments with tracking, and both addresses', async () => {
  mockServer({ [`GET /api/v1/fulfillment-orders/${firstId}`]: () => fulfillmentOrder(firstId) });
  renderRoutes(routes, `/fulfillment-orders/${firstId}`);
  expect(await screen.findByRole('link', { name: /1Z999AA10123456784/ })).toHaveAttribute(
    'href',
    expect.stringContaining('example.com/track'),
  );
  expect(screen.getByText('Accu Scale, digital kitchen scale').closest('tr')).toHaveTextContent('1 ea');
  expect(screen.getAllByText('Seattle warehouse').length).toBeGreaterThan(0);
  expect(screen.getByText('Source and ship-to address: from SEA, to Portland')).toBeInTheDocument();
});

test('a fulfillment order without shipments explains when tracking appears', async () => {
  mockServer({ [`GET /api/v1/fulfillment-orders/${secondId}`]: () => fulfillmentOrder(secondId) });
  renderRoutes(routes, `/fulfillment-orders/${secondId}`);
  expect(await screen.findByText(/Tracking appears when Chicago distribution center reports a shipment/)).toBeInTheDocument();
});

test('an unknown fulfillment order shows the problem', async () => {
  mockServer({});
  renderRoutes(routes, '/fulfillment-orders/unknown');
  expect(await screen.findByRole('alert')).toHaveTextContent('no reply for GET /api/v1/fulfillment-orders/unknown');
});

test('a fulfillment order is recalled, and its units canceled', async () => {
  const requests = mockServer({
    [`GET /api/v1/fulfillment-orders/${secondId}`]: () => fulfillmentOrder(secondId),
    'POST /api/v1/fulfillment-orders/recall': () => ({ results: [{ id: secondId, ok: true, reason: '' }] }),
  });
  renderRoutes(routes, `/fulfillment-orders/${secondId}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Recall and cancel' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Recall and cancel 1 fulfillment order' }));
  await waitFor(() => expect(requests.some((request) => request.path === '/api/v1/fulfillment-orders/recall')).toBe(true));
  expect(requests.findLast((request) => request.path === '/api/v1/fulfillment-orders/recall')?.body).toEqual({
    ids: [secondId],
    reason: '',
    units: 'cancel',
  });
});

test('a refused recall offers to record another answer', async () => {
  mockServer({
    [`GET /api/v1/fulfillment-orders/${secondId}`]: () => ({
      ...fulfillmentOrder(secondId),
      recall: 'refused',
      state_reason: 'Recall Refused',
      recall_reason: 'The address is wrong',
    }),
  });
  renderRoutes(routes, `/fulfillment-orders/${secondId}`);
  expect(await screen.findByRole('button', { name: 'Recall accepted' })).toBeEnabled();
  expect(screen.getByRole('button', { name: 'Withdraw recall' })).toBeEnabled();
  expect(screen.getByText('Recall refused')).toBeInTheDocument();
  expect(screen.getByText('The address is wrong')).toBeInTheDocument();
});

test('the list is narrowed to refused recalls', async () => {
  const requests = mockServer(listReply([]));
  renderRoutes(routes, '/fulfillment-orders');
  await screen.findByText('No fulfillment orders yet');
  await userEvent.click(screen.getByRole('button', { name: 'Filter' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Recall' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Refused' }));
  await screen.findByText('No matching fulfillment orders');
  expect(requests.findLast((request) => request.path === '/api/v1/fulfillment-orders')?.query.get('recall')).toBe('refused');
});
