import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { returnOrder, returnPolicy, returns, returnTimeline } from '@tests/returns-fixtures.mjs';
import { mockServer, renderRoutes } from '@tests/harness';
import ReceivePage from './ReceivePage';
import ReturnPage from './ReturnPage';
import ReturnsPage from './ReturnsPage';

const routes = [
  { path: '/returns', Component: ReturnsPage },
  { path: '/returns/receive', Component: ReceivePage },
  { path: '/returns/:id', Component: ReturnPage },
];
const partial = returns[0]?.id ?? '';
const replies = {
  'GET /api/v1/returns': () => ({ items: returns.slice(0, 3), next: null }),
  'GET /api/v1/returns/counts': () => ({ states: { approved: 7 }, refund_due: 1 }),
  'GET /api/v1/returns/policy': () => returnPolicy,
  'GET /api/v1/sources': () => ({ items: [{ name: 'SEA', title: 'Seattle' }] }),
  'GET /api/v1/session': () => ({ name: 'ann', permissions: ['*'] }),
  [`GET /api/v1/returns/${partial}`]: () => returnOrder(partial),
  [`GET /api/v1/returns/${partial}/timeline`]: () => ({ events: returnTimeline }),
};

test('the list shows order, state, units and refund, and counts by state', async () => {
  mockServer(replies);
  renderRoutes(routes, '/returns');
  const row = (await screen.findByRole('link', { name: 'RMA-100001' })).closest('tr') as HTMLElement;
  expect(row).toHaveTextContent('Partially received');
  expect(row).toHaveTextContent('2 of 3');
  expect(row).toHaveTextContent('$20.00 USD due');
  expect(await screen.findByRole('button', { name: /Approved\s*7/ })).toBeInTheDocument();
});

test('the page of a return shows what it waits for, its refund and its timeline', async () => {
  mockServer(replies);
  renderRoutes(routes, `/returns/${partial}`);
  expect(await screen.findByText('Received units wait for inspection. Its refund is due.')).toBeInTheDocument();
  expect(screen.getByText('Does not fit')).toBeInTheDocument();
  expect(screen.getByText(/with RMA-100002/)).toBeInTheDocument();
  expect(await screen.findByText('Return received in part')).toBeInTheDocument();
});

test('received units are inspected with their condition and disposition', async () => {
  const requests = mockServer({
    ...replies,
    'POST /api/v1/returns/inspect': () => ({ results: [{ id: partial, ok: true, reason: '' }] }),
  });
  renderRoutes(routes, `/returns/${partial}`);
  const form = await screen.findByRole('form', { name: 'Inspect Organic T-shirt' });
  await userEvent.click(within(form).getByRole('button', { name: 'Inspect' }));
  await waitFor(() => expect(requests.some((request) => request.path === '/api/v1/returns/inspect')).toBe(true));
  expect(requests.find((request) => request.path === '/api/v1/returns/inspect')?.body).toEqual({
    items: [{ id: returnOrder(partial)?.lines[0]?.id, quantity: 1, condition: 'new', disposition: 'restock', place: '', note: '' }],
  });
});

test('a number that is scanned finds the return, whose units are received', async () => {
  const requests = mockServer({
    ...replies,
    'GET /api/v1/returns': () => ({ items: returns.slice(0, 1), next: null }),
    'POST /api/v1/returns/receive': () => ({ results: [{ id: partial, ok: true, reason: '' }] }),
  });
  renderRoutes(routes, '/returns/receive');
  await userEvent.type(await screen.findByRole('textbox', { name: 'Return, order or tracking number' }), 'RMA-100001{Enter}');
  const form = await screen.findByRole('form', { name: 'Receive Organic T-shirt' });
  expect(requests.findLast((request) => request.path === '/api/v1/returns')?.query.get('search')).toBe('RMA-100001');
  await userEvent.click(within(form).getByRole('button', { name: 'Receive' }));
  await waitFor(() => expect(requests.some((request) => request.path === '/api/v1/returns/receive')).toBe(true));
});
