import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { ProblemResponse, mockServer, renderRoutes } from '@tests/harness';
import { allPages } from './navigationItems';
import { routes } from './routes';

const dana = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['orders.read'], environment: 'Sandbox' };
const empty = { items: [], next: null };
const signedOut = () => new ProblemResponse(401, { detail: 'Sign in first', status: 401 });
const around = {
  'GET /api/v1/orders': () => empty,
  'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
  'GET /api/v1/provider-instances': () => empty,
  'GET /api/v1/sources': () => empty,
};

test('signing in leads to the requested page', async () => {
  const sent = mockServer({ ...around, 'GET /api/v1/session': () => null, 'POST /api/v1/session': () => dana });
  const { router } = renderRoutes(routes, '/orders?state=on_hold');
  await userEvent.type(await screen.findByLabelText('Email'), 'dana@fabrikam.example');
  await userEvent.type(screen.getByLabelText('Password'), 'secret');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await screen.findByRole('heading', { name: 'Sales orders' });
  expect(router.state.location.search).toBe('?state=on_hold');
  expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ email: 'dana@fabrikam.example', password: 'secret' });
});

test('an expired session is renewed over the page, or leads to the sign-in form', async () => {
  mockServer({ ...around, 'GET /api/v1/session': () => dana, 'GET /api/v1/orders': signedOut });
  renderRoutes(routes, '/orders');
  const dialog = await screen.findByRole('dialog', { name: 'Your session has expired' });
  await userEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeInTheDocument();
});

test('the navigation shows only permitted pages', async () => {
  mockServer({ ...around, 'GET /api/v1/session': () => dana });
  renderRoutes(routes, '/orders');
  expect(await screen.findByRole('link', { name: 'Sales orders' })).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Policies' })).toBeNull();
  expect(screen.getByText('Sandbox')).toBeInTheDocument();
});

test('the command palette finds an order by keyboard', async () => {
  const hit = { kind: 'order', label: 'Order 118', detail: 'Ana Souza', path: '/orders/118' };
  mockServer({
    ...around,
    'GET /api/v1/session': () => dana,
    'GET /api/v1/search': ({ query }) => ({ items: query.get('q') === '118' ? [hit] : [] }),
  });
  const { router } = renderRoutes(routes, '/orders');
  await screen.findByRole('heading', { name: 'Sales orders' });
  await userEvent.keyboard('{Control>}k{/Control}');
  await userEvent.type(await screen.findByRole('combobox'), '118');
  await screen.findByRole('option', { name: /Order 118/ });
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(router.state.location.pathname).toBe('/orders/118'));
});

test('every page of the navigation has a route', () => {
  const paths = routes
    .flatMap((route) => route.children ?? [])
    .flatMap((route) => route.children ?? [])
    .map((route) => `/${route.path ?? ''}`);
  for (const page of allPages) expect(paths).toContain(page.path);
});

test('the theme is stored on the device', async () => {
  mockServer({ ...around, 'GET /api/v1/session': () => dana });
  renderRoutes(routes, '/orders');
  await userEvent.click(await screen.findByRole('button', { name: 'Switch to dark' }));
  expect(document.documentElement).toHaveAttribute('data-mode', 'dark');
  expect(localStorage.getItem('openiom.mode')).toBe('dark');
});
