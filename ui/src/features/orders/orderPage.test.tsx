import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test } from 'vitest';
import { applyServerVocabulary } from '@vocabulary';
import { changes } from '@tests/change-fixtures.mjs';
import { failedFlowRun, flowRuns, fulfillmentOrder, fulfillmentOrders, order, orders, sourcing, timeline } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import { portTone } from './FlowRunsCard';
import OrderPage from './OrderPage';
import OrdersPage from './OrdersPage';
import { orderColumns, shipToLabel } from './orderColumns';

const routes = [
  { path: '/orders', Component: OrdersPage },
  { path: '/orders/:id', Component: OrderPage },
];
const [inFulfillment, onHold] = orders;
const id = inFulfillment?.id ?? '';
const onHoldId = onHold?.id ?? '';

function orderReplies(orderId: string, part: Record<string, () => unknown> = {}) {
  const path = `/api/v1/orders/${orderId}`;
  return {
    [`GET ${path}`]: () => order(orderId),
    [`GET ${path}/changes`]: () => changes,
    [`GET ${path}/timeline`]: () => ({ events: timeline }),
    [`GET ${path}/fulfillment-orders`]: () => ({ items: fulfillmentOrders.slice(0, 2).map((row) => fulfillmentOrder(row.id)) }),
    [`GET ${path}/sourcing`]: () => ({ decisions: sourcing, moves: [] }),
    [`GET ${path}/flow-runs`]: () => ({ flow_runs: flowRuns }),
    ...part,
  };
}
const card = async (title: string) => (await screen.findByRole('heading', { level: 2, name: title })).closest('section')!;

afterEach(() => applyServerVocabulary(null));

describe('the order page', () => {
  test('the summary shows state, customer, total and progress', async () => {
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const summary = await screen.findByRole('region', { name: 'Summary' });
    expect(summary).toHaveTextContent('In fulfillment');
    expect(summary).toHaveTextContent('Ana Souza');
    expect(summary).toHaveTextContent('$801.62 USD');
    const progress = within(summary).getByRole('list', { name: 'Progress' });
    expect(
      within(progress)
        .getAllByRole('listitem')
        .map((item) => item.textContent),
    ).toEqual(['New (done)', 'In progress (done)', 'In fulfillment', 'Completed']);
    expect(within(progress).getByText('In fulfillment')).toHaveAttribute('aria-current', 'step');
  });

  test('changes that came too late show both values and are dismissed', async () => {
    const late = [
      { what: 'line', external_id: '1', product: 'LAMP-OAK-01', here: 3, source: 2, reason: '' },
      { what: 'amounts', external_id: '', product: '', here: { total: '801.62' }, source: { total: '701.62' }, reason: '' },
      { what: 'ship_to', external_id: '', product: '', here: { city: 'Portland' }, source: { city: 'Salem' }, reason: '' },
      { what: 'order', external_id: '', product: '', here: null, source: 'hold', reason: 'every unit of the order has shipped' },
    ];
    const asked: unknown[] = [];
    mockServer(
      orderReplies(id, {
        [`GET /api/v1/orders/${id}`]: () => ({
          ...order(id),
          source_changes: late,
          amounts: { ...order(id)?.amounts, fees: '4.00', credit: '25.00' },
        }),
        'POST /api/v1/orders/source-changes/dismiss': (request?: { body?: unknown }) => {
          asked.push(request);
          return { results: [{ id, ok: true, reason: '' }], ok: 1, failed: 0 };
        },
      }),
    );
    renderRoutes(routes, `/orders/${id}`);
    const changes = within(await card('Changed too late'));
    expect(changes.getByRole('row', { name: /Quantity ?LAMP-OAK-01 3 2/ })).toBeVisible();
    expect(changes.getByRole('row', { name: /Total .*801\.62.*701\.62/ })).toBeVisible();
    expect(changes.getByRole('row', { name: /Shipping address Portland Salem/ })).toBeVisible();
    expect(changes.getByRole('row', { name: /every unit of the order has shipped/ })).toBeVisible();
    const price = within(await card('Price'));
    expect(price.getByText('Handling and gift wrapping')).toBeVisible();
    expect(price.getByText('Paid with credit or certificates')).toBeVisible();
    await userEvent.click(changes.getByRole('button', { name: 'Dismiss' }));
    const dialog = within(await screen.findByRole('dialog'));
    await userEvent.click(dialog.getByRole('button', { name: /^Dismiss/ }));
    await waitFor(() => expect(asked).toHaveLength(1));
  });

  test('titles of the server win over the built-in ones', async () => {
    applyServerVocabulary({ entities: { order: { states: { fulfillment_in_process: 'Being shipped' } } } });
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const summary = await screen.findByRole('region', { name: 'Summary' });
    expect(within(summary).getAllByText('Being shipped').length).toBeGreaterThan(0);
  });

  test('reasons are shown in sentence case', async () => {
    mockServer(orderReplies(onHoldId));
    renderRoutes(routes, `/orders/${onHoldId}`);
    const summary = await screen.findByRole('region', { name: 'Summary' });
    expect(summary).toHaveTextContent('Order validation failed');
    expect(summary).not.toHaveTextContent('Order Validation Failed');
  });

  test('lines show quantity, source, state and price', async () => {
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const lines = await card('Lines');
    expect(lines).toHaveTextContent('3 lines, 6 units');
    const speaker = within(lines).getByText('Mid-range speaker 5"').closest('tr') as HTMLElement;
    expect(speaker).toHaveTextContent('2 ea');
    expect(speaker).toHaveTextContent('SEA');
    expect(speaker).toHaveTextContent('$450.00 USD');
    expect(speaker).toHaveTextContent('$225.00 each');
    expect(lines).toHaveTextContent('M, Red');
  });

  test('the stock of a product is loaded on request', async () => {
    const requests = mockServer(
      orderReplies(id, {
        'GET /api/v1/inventory': () => ({ items: [{ id: '1', source: 'CHI', available: 12, reserved: 3 }], next: null }),
      }),
    );
    renderRoutes(routes, `/orders/${id}`);
    const [button] = await screen.findAllByRole('button', { name: 'Check stock' });
    expect(requests.some((request) => request.path === '/api/v1/inventory')).toBe(false);
    await userEvent.click(button!);
    expect((await screen.findByText('Stock of Accu Scale')).parentElement).toHaveTextContent('CHI');
    expect(requests.find((request) => request.path === '/api/v1/inventory')?.query.get('product')).toBe('Accu Scale');
  });

  test('a product without stock is explained', async () => {
    mockServer(orderReplies(id, { 'GET /api/v1/inventory': () => ({ items: [], next: null }) }));
    renderRoutes(routes, `/orders/${id}`);
    const [button] = await screen.findAllByRole('button', { name: 'Check stock' });
    await userEvent.click(button!);
    expect(await screen.findByText('No source has stock of this product.')).toBeInTheDocument();
  });

  test('fulfillment orders show their source, units and shipments', async () => {
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const article = await screen.findByRole('article', { name: 'Fulfillment order FO-20480-1' });
    expect(article).toHaveTextContent('from Seattle warehouse, 1 of 3 units shipped');
    expect(article).toHaveTextContent('1 still to ship');
    expect(within(article).getByRole('link', { name: /1Z999AA10123456784/ })).toBeInTheDocument();
  });

  test('a flow run says why its calls are postponed', async () => {
    const postponed = { ...(flowRuns[0] as object), postponed: 'FO-1 waits: its order is on manual hold' };
    mockServer(orderReplies(id, { [`GET /api/v1/orders/${id}/flow-runs`]: () => ({ flow_runs: [postponed] }) }));
    renderRoutes(routes, `/orders/${id}`);
    expect(await within(await card('Flow runs')).findByText(postponed.postponed)).toBeInTheDocument();
  });

  test('flow runs show steps, results and reasons in words', async () => {
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const runs = await card('Flow runs');
    expect(await within(runs).findByText(/waiting for Order shipped/)).toBeInTheDocument();
    const step = within(runs).getByText('Send to 3PL').closest('tr') as HTMLElement;
    expect(step).toHaveTextContent('Provider call');
    expect(step).toHaveTextContent('Succeeded');
    expect(step).toHaveTextContent('214 ms');
  });

  test('who may not change flow runs sees why a failed step cannot be reprocessed', async () => {
    mockServer(orderReplies(onHoldId, { [`GET /api/v1/orders/${onHoldId}/flow-runs`]: () => ({ flow_runs: [failedFlowRun] }) }));
    renderRoutes(routes, `/orders/${onHoldId}`);
    const stopped = (await screen.findByRole('heading', { level: 2, name: /^Stopped at/ })).closest('section')!;
    expect(stopped).toHaveTextContent('Correct the ship-to address, then reprocess');
    expect(within(stopped).queryByRole('button', { name: 'Reprocess' })).toBeNull();
    for (const name of ['Reprocess', 'Skip step']) {
      const button = screen.getByRole('button', { name });
      expect(button).toHaveAttribute('aria-disabled', 'true');
      expect(button).toHaveAccessibleDescription('Your role may not change flow runs');
    }
  });

  test('the timeline shows titles, reasons and actors, and expands', async () => {
    const events = Array.from({ length: 15 }, (_, index) => ({ ...(timeline[0] as object), id: String(index) }));
    mockServer(orderReplies(id, { [`GET /api/v1/orders/${id}/timeline`]: () => ({ events }) }));
    renderRoutes(routes, `/orders/${id}`);
    const section = await card('Timeline');
    expect(await within(section).findAllByText('Partially shipped')).toHaveLength(12);
    expect(section).toHaveTextContent('1 of 6 units shipped');
    await userEvent.click(within(section).getByRole('button', { name: 'Show all 15 events' }));
    expect(within(section).getAllByText('Partially shipped')).toHaveLength(15);
  });

  test('cards without content explain what appears there', async () => {
    const path = `/api/v1/orders/${id}`;
    mockServer(
      orderReplies(id, {
        [`GET ${path}/timeline`]: () => ({ events: [] }),
        [`GET ${path}/fulfillment-orders`]: () => ({ items: [] }),
        [`GET ${path}/sourcing`]: () => ({ decisions: [], moves: [] }),
        [`GET ${path}/flow-runs`]: () => ({ flow_runs: [] }),
      }),
    );
    renderRoutes(routes, `/orders/${id}`);
    expect(await screen.findByText('No events yet.')).toBeInTheDocument();
    expect(await screen.findByText(/No fulfillment orders yet/)).toBeInTheDocument();
    expect(await screen.findByText(/Not sourced yet/)).toBeInTheDocument();
    expect(await screen.findByText(/No flow has processed this order yet/)).toBeInTheDocument();
  });

  test('a failing card does not affect the others', async () => {
    mockServer(
      orderReplies(id, {
        [`GET /api/v1/orders/${id}/sourcing`]: () => new ProblemResponse(500, { detail: 'Decisions are not available' }),
      }),
    );
    renderRoutes(routes, `/orders/${id}`);
    expect(await screen.findByText('Decisions are not available')).toBeInTheDocument();
    expect(await screen.findByText('Mid-range speaker 5"', { selector: '.strong' })).toBeInTheDocument();
  });

  test('the price summary and the shipping details are shown', async () => {
    mockServer(orderReplies(id));
    renderRoutes(routes, `/orders/${id}`);
    const price = await card('Price');
    expect(price).toHaveTextContent('Captured');
    expect(price).toHaveTextContent('−$30.00 USD');
    expect(price).toHaveTextContent(/Bill to.*Salem, OR 97205/);
    const shipTo = await card('Ship to');
    expect(shipTo).toHaveTextContent('Please leave at the back door.');
    expect(shipTo).toHaveTextContent('By Ground');
  });

  test('an order on hold is released with a reason', async () => {
    const requests = mockServer({
      ...orderReplies(onHoldId),
      'POST /api/v1/orders/release': () => ({ results: [{ id: onHoldId, ok: true, reason: '' }] }),
    });
    renderRoutes(routes, `/orders/${onHoldId}`);
    await userEvent.click(await screen.findByRole('button', { name: 'Release' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('Processing continues from the step at which the order was put on hold.')).toBeInTheDocument();
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'Checked');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Release 1 order' }));
    await waitFor(() =>
      expect(requests.find((request) => request.method === 'POST')?.body).toEqual({ ids: [onHoldId], reason: 'Checked' }),
    );
  });

  test('an unknown order shows the problem', async () => {
    mockServer({});
    renderRoutes(routes, '/orders/unknown');
    expect(await screen.findByRole('alert')).toBeInTheDocument();
  });
});

describe('the columns of the orders list', () => {
  test('every column has an id of its own, a title and an export value', () => {
    const columns = orderColumns();
    expect(new Set(columns.map((column) => column.id)).size).toBe(columns.length);
    for (const column of columns) {
      expect(column.title).not.toBe('');
      expect(column.exportValue).toBeDefined();
    }
  });

  test('exports contain labels, not API names', () => {
    const state = orderColumns().find((column) => column.id === 'state');
    expect(inFulfillment && state?.exportValue?.(inFulfillment)).toBe('In fulfillment');
  });

  test('a column that the server describes shows its field and is hidden until it is chosen', () => {
    applyServerVocabulary({ order_columns: [{ name: 'customer_email', title: 'Email' }] });
    const column = orderColumns().at(-1);
    expect(column).toMatchObject({ id: 'customer_email', title: 'Email', hiddenByDefault: true });
    expect(inFulfillment && column?.cell(inFulfillment)).toBe('ana@example.com');
    expect(inFulfillment && column?.exportValue?.(inFulfillment)).toBe('ana@example.com');
    applyServerVocabulary(null);
    expect(orderColumns().some(({ id }) => id === 'customer_email')).toBe(false);
  });

  test('the ship-to label omits missing parts', () => {
    expect(shipToLabel({ ship_to_city: 'Portland', ship_to_state: '', ship_to_country: 'US' })).toBe('Portland, US');
  });
});

test.each([
  ['succeeded', 'done'],
  ['failed', 'failed'],
  ['timed_out', 'attention'],
  ['next', 'neutral'],
])('the port %s has the tone %s', (port, tone) => {
  expect(portTone(port)).toBe(tone);
});
