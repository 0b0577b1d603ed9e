import { act, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { home } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import HomePage from './HomePage';

const routes = [{ path: '/', Component: HomePage }];

test('each kind of work shows its number, its money and the list of exactly these', async () => {
  mockServer({ 'GET /api/v1/home': () => home });
  renderRoutes(routes, '/');
  const list = within(await screen.findByRole('list', { name: 'What needs you' }));
  expect(list.getAllByRole('heading').map((heading) => heading.textContent)).toEqual([
    '1 provider is down: Fabrikam 3PL',
    '132 orders are blocked by Fabrikam 3PL',
    '8 flow runs have failed',
    '23 messages are parked',
    '1 declined fulfillment order has no other source',
    '10,000+ orders are late',
  ]);
  expect(list.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual([
    '/providers',
    '/orders?waiting_for=fabrikam-3pl',
    '/my-work/runs',
    '/my-work/messages',
    '/fulfillment-orders?to_be_sourced=true',
    '/orders?late=true',
  ]);
  const blocked = list.getByRole('heading', { name: /blocked/ }).closest('li')!;
  expect(blocked).toHaveTextContent('$48,210.45 USD');
  expect(blocked).toHaveTextContent('R$5,310.00 BRL');
  expect(blocked).toHaveTextContent('Oldest blocked 2 hr. ago');
});

test('without work all is well', async () => {
  mockServer({ 'GET /api/v1/home': () => ({ items: [], limit: 10_000 }) });
  renderRoutes(routes, '/');
  expect(await screen.findByRole('heading', { name: 'All is well' })).toBeVisible();
  expect(screen.getByRole('link', { name: 'Go to sales orders' })).toHaveAttribute('href', '/orders');
  expect(screen.queryByRole('list', { name: 'What needs you' })).toBeNull();
});

test('work that is done leaves the page', async () => {
  let items = home.items.slice(0, 2);
  mockServer({ 'GET /api/v1/home': () => ({ ...home, items }) });
  const { queries } = renderRoutes(routes, '/');
  const list = await screen.findByRole('list', { name: 'What needs you' });
  expect(within(list).getAllByRole('listitem')).toHaveLength(2);
  items = [];
  await act(() => queries.invalidateQueries({ queryKey: ['home'] }));
  await waitFor(() => expect(screen.getByRole('heading', { name: 'All is well' })).toBeVisible());
});

test('a failure is not taken for a calm day', async () => {
  mockServer({ 'GET /api/v1/home': () => new ProblemResponse(503, { detail: 'The database is being upgraded' }) });
  renderRoutes(routes, '/');
  expect(await screen.findByRole('alert')).toHaveTextContent('The database is being upgraded');
  expect(screen.queryByText('All is well')).toBeNull();
});
