import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { mentions, watchedOrders } from '@tests/fixtures.mjs';
import { mockServer, renderRoutes } from '@tests/harness';
import { ForYou } from './ForYou';

const routes = [{ path: '/', Component: ForYou }];

test('mentions come before the watched orders, of which those with news are marked', async () => {
  mockServer({
    'GET /api/v1/mentions': () => ({ items: mentions, next: null }),
    'GET /api/v1/watched-orders': () => ({ items: watchedOrders }),
  });
  renderRoutes(routes, '/');
  const list = within(await screen.findByRole('list', { name: 'For you' }));
  const [mention, news, seen] = await list.findAllByRole('listitem');
  expect(mention).toHaveTextContent('Lee Okafor mentioned you on order 20480');
  expect(news).toHaveTextContent(/Order 20480 of Ana Souza.*New/);
  expect(seen).not.toHaveTextContent('New');
  expect(within(seen!).getByRole('link')).toHaveAttribute('href', `/orders/${watchedOrders[1]!.order_id}`);
});

test('without mentions and watched orders there is no card', async () => {
  const sent = mockServer({
    'GET /api/v1/mentions': () => ({ items: [], next: null }),
    'GET /api/v1/watched-orders': () => ({ items: [] }),
  });
  renderRoutes(routes, '/');
  await expect.poll(() => sent.length).toBe(2);
  expect(screen.queryByText('For you')).toBeNull();
});
