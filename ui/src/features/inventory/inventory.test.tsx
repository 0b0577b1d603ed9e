import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import * as canned from '@tests/inventory-fixtures.mjs';
import { ProblemResponse, type RecordedRequest, mockServer, renderRoutes } from '@tests/harness';
import AllocationsPage from './AllocationsPage';
import FeedsPage from './FeedsPage';
import StockHealthPage from './StockHealthPage';
import InventoryPage from './InventoryPage';
import AvailableToPromisePage from './AvailableToPromisePage';
import { ticksOf } from './AvailableToPromiseChart';
import ReservationsPage from './ReservationsPage';
import SupplyPage from './SupplyPage';

const page = <T,>(items: T[]) => ({ items, next: null });
const answers = {
  'GET /api/v1/inventory/shape': () => canned.shape,
  'GET /api/v1/inventory/visibility': () => page(canned.groups),
  'GET /api/v1/inventory/keys': () => page(canned.keys),
  'GET /api/v1/inventory/keys/7': () => canned.key,
  'GET /api/v1/inventory/7/balances': () => canned.balances,
  'GET /api/v1/inventory/7/ledger': () => page(canned.ledger),
  'GET /api/v1/inventory/chain': () => page(canned.chain),
  'GET /api/v1/inventory/health': () => canned.health,
  'GET /api/v1/inventory/reservations': () => page(canned.reservations),
  'GET /api/v1/orders/lines': () => page(canned.lines),
  'GET /api/v1/inventory/allocations': () => page(canned.allocations),
  'GET /api/v1/inventory/allocations/pools': () => page(canned.pools),
  'GET /api/v1/inventory/allocations/1/moves': () => page(canned.moves),
  'GET /api/v1/inventory/supply-orders': () => page(canned.supply),
  'GET /api/v1/inventory/feeds': () => page(canned.feeds),
  'GET /api/v1/inventory/atp': () => page(canned.timelines),
  'GET /api/v1/sources': () => page([{ name: 'SEA', title: 'Seattle' }]),
  'GET /api/v1/products': () => page([{ number: 'LAMP', name: 'Oak desk lamp' }]),
};
const request = (sent: RecordedRequest[], path: string): RecordedRequest[] => sent.filter((item) => item.path === path);
const button = (name: string | RegExp, within_: HTMLElement = document.body) => within(within_).getByRole('button', { name });

test('the grid groups measures by source system and omits measures without values', async () => {
  mockServer(answers);
  renderRoutes([{ path: '/inventory', Component: InventoryPage }], '/inventory');
  await screen.findAllByText('Oak desk lamp');
  for (const title of ['iom', 'OnHand', 'iv, calculated', 'AvailableToReserve'])
    expect(screen.getByRole('columnheader', { name: title })).toBeVisible();
  expect(screen.queryByRole('columnheader', { name: 'Inbound' })).not.toBeInTheDocument();
  expect(screen.getByText('0 — short')).toBeVisible();
});

test('a quantity opens the ledger entries of its source system with actor, cause and seal', async () => {
  const sent = mockServer(answers);
  const { router } = renderRoutes([{ path: '/inventory', Component: InventoryPage }], '/inventory');
  await userEvent.click(await screen.findByRole('button', { name: 'iom OnHand 83, open' }));
  expect(router.state.location.search).toBe('?stock=7&system=iom');
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('LAMP at SEA')).toBeVisible();
  const shipped = (await within(drawer).findByText(/FO-20480-1/)).closest('tr');
  if (!shipped) throw new Error('no entry');
  expect(shipped).toHaveTextContent('−1');
  expect(shipped).toHaveTextContent('by fabrikam-3pl');
  expect(shipped).not.toHaveTextContent('Not yet');
  expect(within(drawer).getByText('Not yet')).toBeVisible();
  expect(request(sent, '/api/v1/inventory/7/ledger')[0]?.query.get('data_source')).toBe('iom');
});

test('a stock record can be shown as of any time', async () => {
  const sent = mockServer(answers);
  renderRoutes([{ path: '/inventory', Component: InventoryPage }], '/inventory?stock=7');
  const drawer = await screen.findByRole('dialog');
  await userEvent.type(within(drawer).getByLabelText('As of'), '2026-11-20T09:30');
  await within(drawer).findByText(/Quantities on/);
  const moment = new Date('2026-11-20T09:30').toISOString();
  await waitFor(() => expect(request(sent, '/api/v1/inventory/7/balances').at(-1)?.query.get('as_of')).toBe(moment));
  expect(request(sent, '/api/v1/inventory/7/ledger').at(-1)?.query.get('as_of')).toBe(moment);
});

test('a row with several stock records lists them first', async () => {
  const sent = mockServer(answers);
  renderRoutes([{ path: '/inventory', Component: InventoryPage }], '/inventory');
  await userEvent.click(await screen.findByRole('button', { name: 'TEE' }));
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('ColorId red')).toBeVisible();
  expect(request(sent, '/api/v1/inventory/keys')[0]?.query.get('product')).toBe('TEE');
});

test('the grouping is stored in the URL and sent to the server', async () => {
  const sent = mockServer(answers);
  renderRoutes([{ path: '/inventory', Component: InventoryPage }], '/inventory?by=source,colorid&colorid=red');
  await screen.findByRole('columnheader', { name: 'ColorId' });
  const query = request(sent, '/api/v1/inventory/visibility')[0]?.query;
  expect(query?.get('group_by')).toBe('source,colorid');
  expect(query?.getAll('dimension')).toEqual(['colorid=red']);
});

test('days are selected by keyboard and show their documents', async () => {
  mockServer(answers);
  renderRoutes([{ path: '/inventory/promise', Component: AvailableToPromisePage }], '/inventory/promise?product=LAMP');
  const chart = await screen.findByRole('slider', { name: 'LAMP at SEA by day' });
  expect(screen.getByText(/^25 available from/)).toBeVisible();
  expect(screen.getByText('12 available today')).toBeVisible();
  expect(screen.getAllByRole('slider')).toHaveLength(1);
  chart.focus();
  await userEvent.keyboard('{ArrowRight>6}');
  expect(chart).toHaveAttribute('aria-valuenow', '6');
  expect(chart.getAttribute('aria-valuetext')).toContain('25 available to promise, 40 projected, 40 in, 0 out');
  expect(screen.getByRole('list', { name: /^Entries on/ })).toHaveTextContent('+40 LAMP · Supply order, purchase PO-1044, 90% confidence');
});

test.each([
  [0, 83, [0, 50, 100]],
  [-15, 40, [-20, 0, 20, 40]],
  [0, 0, [0, 1]],
])('the scale from %i to %i has round steps', (low, high, ticks) => {
  expect(ticksOf(low, high)).toEqual(ticks);
});

test('reservations link to their order and require a reason to be released', async () => {
  const sent = mockServer({
    ...answers,
    'POST /api/v1/inventory/reservations/release': () => ({ results: [{ id: 1, ok: true, reason: '' }] }),
  });
  renderRoutes([{ path: '/inventory/reservations', Component: ReservationsPage }], '/inventory/reservations');
  expect(await screen.findByRole('link', { name: 'Order 20480' })).toHaveAttribute('href', `/orders/${canned.lines[0]?.order_id ?? ''}`);
  await userEvent.click(screen.getByRole('checkbox', { name: /^Select 2 LAMP at SEA/ }));
  await userEvent.click(button('Release', screen.getByRole('toolbar', { name: 'Selected rows' })));
  const dialog = await screen.findByRole('dialog');
  expect(button('Release 1 reservation', dialog)).toHaveAttribute('aria-disabled', 'true');
  await userEvent.type(within(dialog).getByLabelText('Reason'), 'The buyer withdrew');
  await userEvent.click(button('Release 1 reservation', dialog));
  await within(dialog).findByText(/done/);
  expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ ids: [1], reason: 'The buyer withdrew' });
});

test('expiring reservations use their own endpoint', async () => {
  const sent = mockServer({ ...answers, 'GET /api/v1/inventory/reservations/expiring': () => page(canned.reservations.slice(1)) });
  renderRoutes([{ path: '/inventory/reservations', Component: ReservationsPage }], '/inventory/reservations?state=expiring');
  expect(await screen.findByText('cart-9')).toBeVisible();
  expect(request(sent, '/api/v1/inventory/reservations')).toHaveLength(0);
});

test('the allocation dialog keeps its input and request id when the server rejects it', async () => {
  let refuse = true;
  const sent = mockServer({
    ...answers,
    'POST /api/v1/inventory/allocations/operations': () => ({
      results: [{ id: 'x', ok: !refuse, duplicate: false, reason: refuse ? '5 units are allocated to web, requested 9' : '' }],
    }),
  });
  renderRoutes([{ path: '/inventory/allocations', Component: AllocationsPage }], '/inventory/allocations');
  const [move] = await screen.findAllByRole('button', { name: 'Move' });
  if (!move) throw new Error('nothing to move');
  await userEvent.click(move);
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByLabelText('Customer group')).toBeDisabled();
  await userEvent.type(within(dialog).getByLabelText('Channel'), 'store');
  await userEvent.type(within(dialog).getByLabelText('Units'), '9');
  await userEvent.click(button('Move', dialog));
  expect(await within(dialog).findByRole('alert')).toHaveTextContent('5 units are allocated to web, requested 9');
  expect(within(dialog).getByLabelText('Units')).toHaveValue('9');
  refuse = false;
  await userEvent.click(button('Move', dialog));
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  const operations = sent
    .filter((item) => item.method === 'POST')
    .map((entry) => (entry.body as { operations: { id: string }[] }).operations[0]);
  expect(operations[0]).toMatchObject({
    kind: 'reallocate',
    product: 'LAMP',
    source: 'SEA',
    groups: ['store'],
    sources: ['web'],
    quantity: '9',
  });
  expect(operations[1]?.id).toBe(operations[0]?.id);
});

test('pools show the allocation of each channel and group', async () => {
  mockServer(answers);
  renderRoutes([{ path: '/inventory/allocations', Component: AllocationsPage }], '/inventory/allocations');
  const vip = (await screen.findByText('vip')).closest('tr');
  expect(vip).toHaveTextContent('web');
  expect(vip).toHaveTextContent('3');
});

test('overdue supply is marked and can be received', async () => {
  const sent = mockServer({
    ...answers,
    'POST /api/v1/inventory/supply-orders/receive': () => ({ results: [{ index: 0, ok: true, duplicate: false, reason: '' }] }),
  });
  renderRoutes([{ path: '/inventory/supply', Component: SupplyPage }], '/inventory/supply');
  expect(await screen.findByText(/overdue/)).toBeVisible();
  await userEvent.click(button('Receive Transfer TO-88, line 2'));
  const dialog = await screen.findByRole('dialog');
  const units = within(dialog).getByLabelText('Units received');
  expect(units).toHaveValue('11');
  await userEvent.clear(units);
  expect(button('Receive', dialog)).toHaveAttribute('aria-disabled', 'true');
  await userEvent.type(units, '5');
  await userEvent.click(button('Receive', dialog));
  await waitFor(() => expect(sent.some((item) => item.method === 'POST')).toBe(true));
  expect(sent.find((entry) => entry.method === 'POST')?.body).toMatchObject({
    receipts: [{ kind: 'transfer', number: 'TO-88', line_number: 2, quantity: '5' }],
  });
});

test('a failed file shows its errors and the remedy', async () => {
  mockServer(answers);
  renderRoutes([{ path: '/inventory/feeds', Component: FeedsPage }], '/inventory/feeds');
  await userEvent.click(await screen.findByRole('button', { name: 'bad.json' }));
  const note = await screen.findByRole('note');
  expect(note).toHaveTextContent('onhand[0].productId: is missing');
  expect(note).toHaveTextContent('First of 3 errors');
  expect(note).toHaveTextContent('error/bad.json.problem.json');
});

test('the health page highlights the first discrepancy and opens it', async () => {
  mockServer({ ...answers, 'GET /api/v1/inventory/health': () => ({ ...canned.health, wrong: canned.wrong }) });
  renderRoutes([{ path: '/inventory/health', Component: StockHealthPage }], '/inventory/health');
  expect(await screen.findByText('2 rows do not match the ledger')).toBeVisible();
  const first = screen.getByText('First discrepancy').closest('tr');
  expect(first).toHaveTextContent('Stock row 7');
  expect(first).toHaveTextContent('84');
  await userEvent.click(button('Stock row 7'));
  expect(await screen.findByText('LAMP at SEA')).toBeVisible();
});

test.each([
  ['/inventory', InventoryPage, 'GET /api/v1/inventory/visibility', 'No stock yet'],
  ['/inventory/reservations', ReservationsPage, 'GET /api/v1/inventory/reservations', 'No reservations'],
  ['/inventory/allocations', AllocationsPage, 'GET /api/v1/inventory/allocations', 'No allocations'],
  ['/inventory/supply', SupplyPage, 'GET /api/v1/inventory/supply-orders', 'No supply orders'],
  ['/inventory/feeds', FeedsPage, 'GET /api/v1/inventory/feeds', 'No files yet'],
  ['/inventory/promise?product=LAMP', AvailableToPromisePage, 'GET /api/v1/inventory/atp', 'No stock or supply of LAMP'],
])('%s has an empty state and shows errors', async (path, Component, question, words) => {
  mockServer({ ...answers, [question]: () => page([]) });
  const route = path.split('?')[0] ?? path;
  renderRoutes([{ path: route, Component }], path);
  expect(await screen.findByText(words)).toBeVisible();
  mockServer({
    ...answers,
    [question]: () => new ProblemResponse(503, { detail: 'the database is away', remedy: 'wait a minute', reference: 'abc' }),
  });
  renderRoutes([{ path: route, Component }], path);
  expect(await screen.findByText('the database is away')).toBeVisible();
  expect(screen.getByText('wait a minute')).toBeVisible();
});
