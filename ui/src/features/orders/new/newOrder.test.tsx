import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test } from 'vitest';
import { accounts, checkOrder, products } from '@tests/configuration-fixtures.mjs';
import { session } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import type { NewOrder } from '@client/orders';
import NewOrderPage from './NewOrderPage';
import { variantsOf } from './orderDraft';

const PLACE = 'POST /api/v1/orders';
const placed = { results: [{ index: 0, ok: true, id: 'o1', number: 'M1001' }] };
const stock: { items: { dimensions: Record<string, string> }[]; next: null } = {
  items: [{ dimensions: { colorid: 'Red', sizeid: 'M' } }, { dimensions: { colorid: 'Blue', sizeid: '' } }],
  next: null,
};

function open(replies: Record<string, (request: RecordedRequest) => unknown> = {}) {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    'GET /api/v1/products': () => ({ items: products, next: null }),
    'GET /api/v1/accounts': () => ({ items: accounts, next: null }),
    'GET /api/v1/currencies': () => ({ items: [{ name: 'USD', title: 'US dollar' }], next: null }),
    'GET /api/v1/configuration': () => ({ documents: [] }),
    'GET /api/v1/inventory/keys': () => ({ items: [], next: null }),
    'POST /api/v1/orders/check': ({ body }) => checkOrder((body as { order: NewOrder }).order),
    [PLACE]: () => placed,
    ...replies,
  });
  const { router } = renderRoutes(
    [
      { path: '/orders/new', Component: NewOrderPage },
      { path: '*', element: null },
    ],
    '/orders/new',
  );
  return { requests, router };
}

async function choose(label: string, words: string, option: string): Promise<void> {
  await userEvent.type(screen.getByLabelText(label), words);
  await userEvent.click(await screen.findByText(option));
}
async function enterAddress(): Promise<void> {
  await userEvent.type(screen.getByLabelText('Street'), '1 Main St');
  await userEvent.type(screen.getByLabelText('City'), 'Redmond');
  await userEvent.type(screen.getByLabelText('Postal code'), '98052');
}
const placeOrders = (requests: RecordedRequest[]): RecordedRequest[] =>
  requests.filter((request) => `${request.method} ${request.path}` === PLACE);
const place = async (): Promise<void> => {
  const button = screen.getByRole('button', { name: 'Place order' });
  await waitFor(() => expect(button).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(button);
};

beforeEach(() => sessionStorage.clear());

describe('an order by hand', () => {
  test('is entered, totaled by the server and placed, and ends on its page', async () => {
    const { requests, router } = open();
    await choose('Product', 'scale', 'Accu Scale, digital kitchen scale');
    expect(screen.getByLabelText('Unit price')).toHaveValue('49.9');
    const quantity = screen.getByLabelText('Quantity');
    await userEvent.clear(quantity);
    await userEvent.type(quantity, '3');
    await choose('Account', 'adat', 'Adatum Corporation');
    expect(screen.getAllByLabelText('Name')[0]).toHaveValue('Adatum Corporation');
    await enterAddress();
    await userEvent.type(screen.getByLabelText('Shipping'), '8');
    await waitFor(() => expect(screen.getByText('Total', { selector: 'dt' }).nextElementSibling).toHaveTextContent('$157.70'));
    await place();
    await waitFor(() => expect(router.state.location.pathname).toBe('/orders/o1'));
    const [request] = placeOrders(requests);
    expect(request?.body).toMatchObject({
      instance: 'manual',
      orders: [
        {
          number: 'M1001',
          account: 'ADATUM',
          origin: 'manual',
          currency: 'USD',
          total_amount: '157.70',
          shipping_amount: '8',
          customer: { name: 'Adatum Corporation', email: 'orders@adatum.example' },
          ship_to: { line1: '1 Main St', city: 'Redmond', postal_code: '98052', country: 'US' },
          bill_to: { line1: '1 Main St' },
          lines: [{ product: 'Accu Scale', unit: 'ea', quantity: '3', unit_price: '49.9' }],
        },
      ],
    });
    expect(sessionStorage.getItem('openiom.new-order')).toBeNull();
  });

  test('shows each problem at its field, only after the attempt when nothing was entered', async () => {
    const { requests } = open();
    await choose('Product', 'lamp', 'Reading lamp');
    await waitFor(() => expect(screen.getByText('Total', { selector: 'dt' })).toBeVisible());
    expect(screen.getByLabelText('City')).toBeValid();
    await place();
    await waitFor(() => expect(screen.getByLabelText('City')).toHaveAccessibleDescription('City is missing.'));
    await waitFor(() => expect(screen.getByLabelText('Street')).toBeInvalid());
    await waitFor(() => expect(screen.getByLabelText('Street')).toHaveFocus());
    await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent('Not placed yet. Correct the 3 marked fields.'));
    expect(placeOrders(requests)).toEqual([]);
  });

  test('an unknown product is marked at once', async () => {
    open();
    await userEvent.type(screen.getByLabelText('Product'), 'Nothing');
    await waitFor(() => expect(screen.getByLabelText('Product')).toHaveAccessibleDescription('There is no product Nothing.'));
  });

  test('quantities have the decimals of the unit', async () => {
    open();
    await choose('Product', 'flour', 'Flour type 00, loose');
    const quantity = screen.getByLabelText('Quantity');
    await userEvent.clear(quantity);
    await userEvent.type(quantity, '0.75');
    await waitFor(() => expect(screen.getByText('Total', { selector: 'dt' }).nextElementSibling).toHaveTextContent('$2.40'));
    expect(quantity).toHaveValue('0.750');
  });

  test('a variant is chosen among those in stock', async () => {
    const { requests } = open({ 'GET /api/v1/inventory/keys': () => stock });
    await choose('Product', 'lamp', 'Reading lamp');
    await userEvent.click(await screen.findByLabelText('Variant'));
    await userEvent.click(await screen.findByText('Red, M'));
    await enterAddress();
    await place();
    await waitFor(() => expect(placeOrders(requests)).toHaveLength(1));
    expect(placeOrders(requests)[0]?.body).toMatchObject({ orders: [{ lines: [{ variant: { color: 'Red', size: 'M' } }] }] });
  });

  test('what was entered is kept when the server fails, and it is placed once under one key', async () => {
    let fails = true;
    const { requests, router } = open({
      [PLACE]: () => (fails ? new ProblemResponse(503, { detail: 'The database is being upgraded', status: 503 }) : placed),
    });
    await choose('Product', 'lamp', 'Reading lamp');
    await enterAddress();
    await place();
    expect(await screen.findByText('The database is being upgraded')).toBeVisible();
    expect(screen.getByLabelText('City')).toHaveValue('Redmond');
    fails = false;
    await place();
    await waitFor(() => expect(router.state.location.pathname).toBe('/orders/o1'));
    const [first, second] = placeOrders(requests);
    expect(second?.body).toEqual(first?.body);
  });

  test('a draft survives a reload of the page', async () => {
    open();
    await userEvent.type(screen.getByLabelText('City'), 'Redmond');
    document.body.replaceChildren();
    open();
    expect(screen.getByLabelText('City')).toHaveValue('Redmond');
    await userEvent.click(screen.getByRole('button', { name: 'Start over' }));
    expect(screen.getByLabelText('City')).toHaveValue('');
  });

  test('cannot be placed without permission', async () => {
    open({ 'GET /api/v1/session': () => ({ ...session, permissions: ['orders.read'] }) });
    expect(await screen.findByRole('button', { name: 'Place order' })).toHaveAccessibleDescription('Your role may not place orders');
  });
});

test('variants come from the dimensions of stock, each once', () => {
  const keys: { dimensions: Record<string, string> }[] = [
    ...stock.items,
    { dimensions: { colorid: 'Blue' } },
    { dimensions: { batchid: '7' } },
    { dimensions: {} },
  ];
  expect(variantsOf(keys)).toEqual([{ color: 'Red', size: 'M' }, { color: 'Blue' }]);
});
