import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import type { ShadowPrice, ShadowPrices } from '@client/sourcing';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import ShadowPricesPage from './ShadowPricesPage';

const routes = [{ path: '/shadow-prices', Component: ShadowPricesPage }];
const price = (part: Partial<ShadowPrice>): ShadowPrice => ({
  source: 'SEA',
  title: 'Seattle',
  product: 'LAMP',
  price: 4.5,
  saving: null,
  latitude: null,
  longitude: null,
  ...part,
});
const prices = (items: ShadowPrice[], part: Partial<ShadowPrices> = {}): ShadowPrices => ({
  plan_id: 'p1',
  strategy: 'everyday',
  planned_at: '2026-11-21T12:00:00Z',
  currency: 'EUR',
  total: items.length,
  items,
  ...part,
});

function openPrices(data: ShadowPrices, path = '/shadow-prices') {
  const requests = mockServer({ 'GET /api/v1/sourcing/shadow-prices': () => data });
  return { requests, ...renderRoutes(routes, path) };
}

describe('a price as a sentence', () => {
  test.each<[Partial<ShadowPrice>, string]>([
    [{ saving: null, price: 4.5 }, 'One more unit of LAMP at SEA is worth up to 4.50 EUR'],
    [{ saving: 3.25 }, 'One more unit of LAMP at SEA saves 3.25 EUR'],
    [{ saving: 0 }, 'One more unit of LAMP at SEA saves nothing'],
    [{ product: null, saving: 1 }, 'One more parcel per day at SEA saves 1.00 EUR'],
    [{ product: null, saving: null, price: 2 }, 'One more parcel per day at SEA is worth up to 2.00 EUR'],
  ])('%j', async (part, sentence) => {
    openPrices(prices([price(part)]));
    expect(await screen.findByText(sentence)).toBeVisible();
    expect(screen.queryAllByText('Verified')).toHaveLength(part.saving === null ? 0 : 1);
    expect(screen.queryAllByText('not verified')).toHaveLength(part.saving === null ? 1 : 0);
  });
});

test('products link to their stock, capacity does not', async () => {
  openPrices(prices([price({ product: 'LAMP OAK' }), price({ source: 'CHI', title: 'CHI', product: null })]));
  const [, stock, capacity] = await screen.findAllByRole('row');
  expect(within(stock!).getByRole('link', { name: 'LAMP OAK' })).toHaveAttribute('href', '/inventory?product=LAMP%20OAK&source=SEA');
  expect(stock).toHaveTextContent('SEASeattle');
  expect(within(capacity!).getByText('Daily capacity')).toBeVisible();
  expect(within(capacity!).queryByRole('link')).toBeNull();
});

test('the batch, its strategy and the number of prices are named', async () => {
  openPrices(prices([price({})]));
  expect(await screen.findByRole('link', { name: 'batch' })).toHaveAttribute('href', '/plans/p1');
  expect(screen.getByText('everyday').closest('p')).toHaveTextContent(/; 1 price\.$/);
});

test('more prices are requested with a higher limit', async () => {
  const { requests } = openPrices(prices([price({})], { total: 345 }));
  const more = await screen.findByRole('button', { name: 'Show more prices' });
  expect(screen.getByText('everyday').closest('p')).toHaveTextContent(/; 345 prices, the highest 1 shown\.$/);
  await userEvent.click(more);
  await waitFor(() => expect(requests.map((request) => request.query.get('limit'))).toEqual(['200', '1000']));
});

test('a batch without shortages says so', async () => {
  openPrices(prices([]));
  expect(await screen.findByRole('heading', { name: 'No shortages in this plan' })).toBeVisible();
  expect(screen.queryByRole('button', { name: 'Show more prices' })).toBeNull();
});

test('the prices of a plan lead to those of the latest batch', async () => {
  const { requests, router } = openPrices(prices([price({})]), '/shadow-prices?plan=p1');
  await userEvent.click(await screen.findByRole('button', { name: 'Show latest batch' }));
  await waitFor(() => expect(requests.map((request) => request.query.get('plan'))).toEqual(['p1', null]));
  expect(router.state.location.search).toBe('');
});

test('an unknown plan is a problem, not an empty page', async () => {
  mockServer({ 'GET /api/v1/sourcing/shadow-prices': () => new ProblemResponse(404, { detail: 'Plan p9 does not exist', status: 404 }) });
  renderRoutes(routes, '/shadow-prices?plan=p9');
  expect(await screen.findByText('Plan p9 does not exist')).toBeVisible();
  expect(screen.queryByText('No shadow prices yet')).toBeNull();
});
