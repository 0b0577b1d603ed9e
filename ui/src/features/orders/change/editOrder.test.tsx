import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { appliedChange, changes, previewChange } from '@tests/change-fixtures.mjs';
import { products } from '@tests/configuration-fixtures.mjs';
import { order, orders, session } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import type { ChangeOperation } from '@client/orderChanges';
import { changeDraft, lineRefusal, operationsOf } from './changeDraft';
import ChangeManyDialog from './ChangeManyDialog';
import EditOrderPage from './EditOrderPage';

const id = orders[1]?.id ?? '';
const shown = order(id)!;
const path = `/api/v1/orders/${id}`;
const sentOperations = (request: RecordedRequest) => (request.body as { operations: ChangeOperation[] }).operations;

function open(replies: Record<string, (request: RecordedRequest) => unknown> = {}) {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    'GET /api/v1/products': () => ({ items: products, next: null }),
    'GET /api/v1/inventory/keys': () => ({ items: [], next: null }),
    [`GET ${path}`]: () => shown,
    [`GET ${path}/changes`]: () => changes,
    [`POST ${path}/changes/preview`]: (request) => previewChange(sentOperations(request)),
    [`POST ${path}/changes`]: (request) => appliedChange(id, sentOperations(request)),
    ...replies,
  });
  const { router } = renderRoutes(
    [
      { path: '/orders/:id/edit', Component: EditOrderPage },
      { path: '*', element: null },
    ],
    `/orders/${id}/edit`,
  );
  return { requests, router };
}
const posts = (requests: RecordedRequest[], end: string) =>
  requests.filter((request) => request.method === 'POST' && request.path.endsWith(end));

describe('the edit mode of an order', () => {
  test('a change is previewed as it is typed, and applied to that version', async () => {
    const { requests, router } = open();
    const line = await screen.findByRole('group', { name: 'Line 3' });
    const quantity = within(line).getByLabelText('Quantity');
    await userEvent.clear(quantity);
    await userEvent.type(quantity, '2');
    await userEvent.type(screen.getByLabelText('Reason'), 'Customer called');
    expect(await screen.findByText('change quantity of line 3')).toBeVisible();
    expect(screen.getByText('To refund')).toBeVisible();
    expect(screen.getByText('Fulfillment order FO-1001-1 is canceled before it is sent')).toBeVisible();

    const apply = screen.getByRole('button', { name: 'Apply change' });
    await waitFor(() => expect(apply).not.toHaveAttribute('aria-disabled'));
    await userEvent.click(apply);

    await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${id}`));
    const [sent] = posts(requests, '/changes');
    expect(sent?.body).toEqual({
      operations: [{ kind: 'change_quantity', line: 3, quantity: '2' }],
      version: '4711-0a1b2c',
      reason: 'Customer called',
    });
  });

  test('nothing can be applied before something has changed, and the button says so', async () => {
    const { requests } = open();
    const apply = await screen.findByRole('button', { name: 'Apply change' });
    expect(apply).toHaveAttribute('aria-disabled', 'true');
    await waitFor(() => expect(apply).toHaveAccessibleDescription('Change something first'));
    await userEvent.click(apply);
    expect(posts(requests, '/changes')).toEqual([]);
  });

  test('a refusal is shown beside what was entered, and keeps it', async () => {
    open({
      [`POST ${path}/changes/preview`]: () =>
        new ProblemResponse(409, { detail: '2 ea of line 3 are at a fulfiller', status: 409, remedy: 'recall its fulfillment order' }),
    });
    const line = await screen.findByRole('group', { name: 'Line 3' });
    await userEvent.click(within(line).getByRole('button', { name: 'Remove line 3' }));
    expect(await screen.findByText(/2 ea of line 3 are at a fulfiller/)).toBeVisible();
    expect(within(line).getByText(/Removed/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Apply change' })).toHaveAttribute('aria-disabled', 'true');
  });

  test('an order that has ended only gets goodwill', async () => {
    open({ [`GET ${path}/changes`]: () => ({ ...changes, edit: { allowed: false, reason: 'every unit of the order has shipped' } }) });
    expect(await screen.findByText(/Only goodwill can be given: every unit of the order has shipped/)).toBeVisible();
    expect(screen.queryByRole('group', { name: 'Line 3' })).toBeNull();
    await userEvent.type(screen.getByLabelText('Amount given back'), '10');
    await userEvent.type(screen.getByLabelText('Reason of the goodwill'), 'Scratched');
    expect(await screen.findByText('goodwill')).toBeVisible();
  });
});

describe('many orders', () => {
  test('get another method, with a result each', async () => {
    const result = { ok: true, reason: '', number: '1', difference: '0.00', currency: 'USD' };
    const requests = mockServer({
      'POST /api/v1/orders/changes': () => ({
        results: [
          { ...result, id: 'a' },
          { ...result, id: 'b', ok: false, reason: 'the order is canceled and cannot be changed' },
        ],
      }),
    });
    const rows = [
      { id: 'a', label: '1001' },
      { id: 'b', label: '1002' },
    ];
    const nothing = () => undefined;
    const dialog = <ChangeManyDialog selectedRows={rows} noun={['order', 'orders']} onClose={nothing} onDone={nothing} />;
    renderRoutes([{ path: '/', element: dialog }], '/');
    const confirm = await screen.findByRole('button', { name: 'Change 2 orders' });
    expect(confirm).toHaveAccessibleDescription('Enter a shipping method or a date');
    await userEvent.type(screen.getByLabelText('Shipping method'), 'Express');
    await userEvent.click(confirm);
    expect(await screen.findByText(/the order is canceled and cannot be changed/)).toBeVisible();
    expect(requests.at(-1)?.body).toEqual({
      ids: ['a', 'b'],
      operations: [{ kind: 'set_shipping_method', method: 'Express' }],
      reason: '',
    });
  });
});

describe('the operations of a draft', () => {
  test('an unchanged draft has none', () => {
    expect(operationsOf(shown, changeDraft(shown))).toEqual([]);
  });

  test('an exchange keeps the quantity and takes the price that is entered', () => {
    const draft = changeDraft(shown);
    const line = draft.lines[3]!;
    line.unitPrice = 5;
    line.exchange = {
      key: 'k',
      product: 'LAMP',
      name: 'Lamp',
      unit: 'ea',
      variant: { color: 'Red' },
      quantity: 1,
      unitPrice: null,
      discount: null,
    };
    expect(operationsOf(shown, draft)).toEqual([
      { kind: 'exchange_line', line: 3, product: 'LAMP', variant: { color: 'Red' }, unit_price: '5' },
    ]);
  });

  test('goodwill needs its reason', () => {
    const draft = { ...changeDraft(shown), goodwill: 5 };
    expect(operationsOf(shown, draft)).toEqual([]);
    expect(operationsOf(shown, { ...draft, goodwillReason: ' late ' })).toEqual([{ kind: 'goodwill', amount: '5', reason: 'late' }]);
  });

  test('a line without units left says why it is not edited', () => {
    expect(lineRefusal({ ...shown.lines[0]!, quantity: 2, shipped: 1, canceled: 1 })).toMatch('has shipped');
    expect(lineRefusal({ ...shown.lines[0]!, quantity: 2, shipped: 0, canceled: 2 })).toMatch('was canceled');
  });
});
