import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import * as fixtures from '@tests/inventory-fixtures.mjs';
import { chooseOption, mockServer, type RecordedRequest, renderRoutes } from '@tests/harness';
import AllocationsPage from './AllocationsPage';
import { splitCamelCase } from './AllocationDialog';
import { describeDay } from './AvailableToPromiseChart';
import FeedsPage from './FeedsPage';
import { groupTitle, withoutEmptyMeasures } from './inventoryColumns';
import { describeDimensions, isQuantity, isStockEvent, measureTitle, newRequestId, systemTitle } from './labels';
import ReservationsPage from './ReservationsPage';
import StockHealthPage from './StockHealthPage';
import SupplyPage from './SupplyPage';

const page = <T,>(items: T[]) => ({ items, next: null });
const routes = [
  { path: '/inventory/allocations', Component: AllocationsPage },
  { path: '/inventory/supply', Component: SupplyPage },
  { path: '/inventory/feeds', Component: FeedsPage },
  { path: '/inventory/reservations', Component: ReservationsPage },
  { path: '/inventory/health', Component: StockHealthPage },
];

function company(replies: Record<string, (request: RecordedRequest) => unknown> = {}): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/inventory/shape': () => fixtures.shape,
    'GET /api/v1/inventory/visibility': () => page(fixtures.groups.slice(0, 1)),
    'GET /api/v1/inventory/allocations': () => page(fixtures.allocations),
    'GET /api/v1/inventory/allocations/pools': () => page(fixtures.pools),
    'GET /api/v1/inventory/allocations/1/moves': () => page(fixtures.moves),
    'GET /api/v1/inventory/supply-orders': () => page(fixtures.supply),
    'GET /api/v1/inventory/feeds': () => page(fixtures.feeds),
    'GET /api/v1/inventory/reservations': () => page(fixtures.reservations),
    'GET /api/v1/inventory/health': () => fixtures.health,
    'GET /api/v1/inventory/chain': () => page(fixtures.chain),
    'GET /api/v1/orders/lines': () => page(fixtures.lines),
    'GET /api/v1/sources': () => page([{ name: 'SEA', title: 'Seattle' }]),
    'GET /api/v1/products': () => page([{ number: 'LAMP', name: 'Oak desk lamp' }]),
    ...replies,
  });
}
const posted = (requests: RecordedRequest[]) => requests.find((request) => request.method === 'POST')?.body;

describe('allocations', () => {
  test('stock is allocated to a group with the available quantity in view', async () => {
    const requests = company({
      'POST /api/v1/inventory/allocations/operations': () => ({ results: [{ id: 'x', ok: true, duplicate: false, reason: '' }] }),
    });
    renderRoutes(routes, '/inventory/allocations');
    const [open] = await screen.findAllByRole('button', { name: 'Allocate' });
    await waitFor(() => expect(open).toBeEnabled());
    await userEvent.click(open!);
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(within(dialog).getByRole('combobox', { name: 'Product' }), 'LAMP');
    await chooseOption('Source', 'SEA · Seattle');
    expect(await within(dialog).findByText('81 available.')).toBeInTheDocument();
    await userEvent.type(within(dialog).getByLabelText('Channel'), 'web');
    await userEvent.type(within(dialog).getByLabelText('Units'), '5');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Allocate' }));
    await waitFor(() =>
      expect(posted(requests)).toMatchObject({
        operations: [{ kind: 'allocate', product: 'LAMP', source: 'SEA', groups: ['web'], quantity: '5' }],
      }),
    );
  });

  test('allocated units are released to the common pool', async () => {
    const requests = company({
      'POST /api/v1/inventory/allocations/operations': () => ({ results: [{ id: 'x', ok: true, duplicate: false, reason: '' }] }),
    });
    renderRoutes(routes, '/inventory/allocations');
    const [release] = await screen.findAllByRole('button', { name: 'Release' });
    await userEvent.click(release!);
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('The units return to the common pool.')).toBeInTheDocument();
    await userEvent.type(within(dialog).getByLabelText('Units'), '2');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Release' }));
    await waitFor(() => expect(posted(requests)).toMatchObject({ operations: [{ kind: 'unallocate', groups: ['web'], quantity: '2' }] }));
  });

  test('an allocation opens with its history', async () => {
    company();
    renderRoutes(routes, '/inventory/allocations');
    await userEvent.click(await screen.findByRole('button', { name: 'web' }));
    const drawer = await screen.findByRole('dialog');
    const consumed = (await within(drawer).findByText('Consume')).closest('tr');
    expect(consumed).toHaveTextContent('−2');
    expect(consumed).toHaveTextContent('20480');
  });
});

describe('supply orders', () => {
  test('a transfer order needs an origin and is saved with dates and confidence', async () => {
    const requests = company({ 'POST /api/v1/inventory/supply-orders': () => ({ results: [{ index: 0, ok: true, reason: '' }] }) });
    renderRoutes(routes, '/inventory/supply');
    await userEvent.click(await screen.findByRole('button', { name: 'Add supply order' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.click(within(dialog).getByText('Transfer order'));
    await userEvent.type(within(dialog).getByPlaceholderText('For example: TO-118'), 'TO-9');
    await userEvent.type(within(dialog).getByRole('combobox', { name: 'Product of line 1' }), 'LAMP');
    await chooseOption('Source of line 1', 'SEA · Seattle');
    await userEvent.type(within(dialog).getByLabelText('Units'), '30');
    await userEvent.type(within(dialog).getByLabelText('Expected'), '2026-12-05');
    expect(within(dialog).getByRole('button', { name: 'Add supply order' })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(within(dialog).getByText('Purchase order'));
    await userEvent.clear(within(dialog).getByLabelText('Confidence, %'));
    await userEvent.type(within(dialog).getByLabelText('Confidence, %'), '80');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Add supply order' }));
    await waitFor(() =>
      expect(posted(requests)).toMatchObject({
        orders: [{ kind: 'purchase', number: 'TO-9', lines: [{ product: 'LAMP', source: 'SEA', quantity: '30', confidence: '0.8' }] }],
      }),
    );
  });

  test('a rejected order keeps its input', async () => {
    company({
      'POST /api/v1/inventory/supply-orders/receive': () => ({
        results: [{ index: 0, ok: false, duplicate: false, reason: 'line is closed' }],
      }),
    });
    renderRoutes(routes, '/inventory/supply');
    await userEvent.click(await screen.findByRole('button', { name: 'Receive Transfer TO-88, line 2' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.clear(within(dialog).getByLabelText('Units received'));
    await userEvent.type(within(dialog).getByLabelText('Units received'), '20');
    expect(within(dialog).getByText('This exceeds the open quantity. The surplus is also received.')).toBeInTheDocument();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Receive' }));
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('Line is closed');
    expect(within(dialog).getByLabelText('Units received')).toHaveValue('20');
  });

  test('selected lines are closed', async () => {
    const requests = company({ 'POST /api/v1/inventory/supply-orders/close': () => ({ results: [{ index: 0, ok: true, reason: '' }] }) });
    renderRoutes(routes, '/inventory/supply');
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Select Purchase PO-1031, line 1' }));
    await userEvent.click(screen.getByRole('button', { name: 'Close' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Close 1 line' }));
    await waitFor(() => expect(posted(requests)).toEqual({ lines: [{ kind: 'purchase', number: 'PO-1031', line_number: 1 }] }));
  });

  test('received lines are included on request', async () => {
    const requests = company();
    renderRoutes(routes, '/inventory/supply?all=true');
    await screen.findByText('PO-1031');
    expect(requests.find((request) => request.path.endsWith('/supply-orders'))?.query.get('open_only')).toBe('false');
  });
});

test('an imported file shows its content and destination', async () => {
  company();
  renderRoutes(routes, '/inventory/feeds');
  await userEvent.click(await screen.findByRole('button', { name: 'onhand.json' }));
  const drawer = await screen.findByRole('dialog');
  expect(drawer).toHaveTextContent('Imported');
  expect(drawer).toHaveTextContent('120');
  expect(drawer).toHaveTextContent('Its quantities are in the ledger.');
});

test('shipped reservations cannot be released', async () => {
  company();
  renderRoutes(routes, '/inventory/reservations?state=shipped');
  await screen.findByRole('link', { name: 'Order 20480' });
  expect(screen.queryByRole('checkbox')).toBeNull();
});

test('stock that matches the ledger is reported with the sealed days', async () => {
  company();
  renderRoutes(routes, '/inventory/health');
  expect(await screen.findByRole('status')).toHaveTextContent('All quantities match the ledger');
  expect(await screen.findByText('abababababababababababab…')).toBeInTheDocument();
});

test('a first check in progress is reported', async () => {
  company({
    'GET /api/v1/inventory/health': () => ({ ...fixtures.health, checked_through: null }),
    'GET /api/v1/inventory/chain': () => page([]),
  });
  renderRoutes(routes, '/inventory/health');
  expect(await screen.findByRole('status')).toHaveTextContent('First check in progress');
  expect(await screen.findByText('No sealed days yet')).toBeInTheDocument();
});

describe('labels', () => {
  test('systems, measures and dimensions have titles', () => {
    expect(systemTitle(fixtures.shape, 'pos')).toBe('pos');
    expect(systemTitle(undefined, 'erp')).toBe('erp');
    expect(measureTitle(fixtures.shape, 'iom', 'onhand')).toBe('OnHand');
    expect(measureTitle(fixtures.shape, 'iom', 'in_transit')).toBe('In transit');
    expect(describeDimensions(fixtures.shape, { colorid: 'red', sizeid: 'm' })).toBe('ColorId red, SizeId m');
    expect(groupTitle(fixtures.shape, 'product')).toBe('Product');
    expect(groupTitle(fixtures.shape, 'colorid')).toBe('ColorId');
    expect(splitCamelCase('customerGroup')).toBe('customer group');
  });

  test.each([
    ['5', true],
    ['0.5', true],
    ['1.2345', true],
    ['0', false],
    ['-1', false],
    ['1.23456', false],
    ['five', false],
    ['', false],
  ])('%j is a quantity: %s', (text, expected) => {
    expect(isQuantity(text)).toBe(expected);
  });

  test.each([
    ['inventory.availability_increased', true],
    ['order.shipped', true],
    ['reservation.released', true],
    ['policy.changed', false],
  ])('the event %s changes stock: %s', (name, expected) => {
    expect(isStockEvent(name)).toBe(expected);
  });

  test('request ids differ', () => {
    expect(newRequestId()).not.toBe(newRequestId());
  });

  test('a day is described with all its quantities', () => {
    const day = fixtures.timelines[1]?.days[6];
    expect(day && describeDay(day)).toMatch(/: 25 available to promise, 40 projected, 40 in, 0 out$/);
  });

  test('measure columns without values are omitted', () => {
    const column = (id: string) => ({ id, title: id, cell: () => null });
    const columns = [column('product'), column('measure:iom.onhand'), column('measure:pos.inbound')];
    expect(withoutEmptyMeasures(columns, fixtures.groups).map((item) => item.id)).toEqual(['product', 'measure:iom.onhand']);
  });
});
