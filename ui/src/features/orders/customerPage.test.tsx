import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { mockServer, renderRoutes } from '@tests/harness';
import { CustomerPageCard } from './CustomerPageCard';

const session = (permissions: string[]) => () => ({ name: 'Dana', email: 'dana@example.com', permissions, environment: 'Sandbox' });
const url = 'https://iom.example.com/track/a.b.c';

test('creates a link to the customer page, copies it and revokes it', async () => {
  const user = userEvent.setup();
  const requests = mockServer({
    'GET /api/v1/session': session(['*']),
    'POST /api/v1/orders/o1/customer-link': () => ({ url, expires_at: '2027-02-28T10:00:00Z' }),
    'POST /api/v1/orders/o1/customer-link/revoke': () => undefined,
  });
  renderRoutes([{ path: '/', element: <CustomerPageCard orderId="o1" /> }], '/');

  await waitFor(() => expect(screen.getByRole('button', { name: 'Create link' })).toBeEnabled());
  await user.click(screen.getByRole('button', { name: 'Create link' }));
  expect(await screen.findByRole('link', { name: 'Open the customer page' })).toHaveAttribute('href', url);
  expect(screen.getByText(/valid until/)).toHaveTextContent('Feb 28, 2027');
  await user.click(screen.getByRole('button', { name: 'Copy link' }));
  expect(await screen.findByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await navigator.clipboard.readText()).toBe(url);

  await user.click(screen.getByRole('button', { name: 'Revoke links' }));
  await user.click((await screen.findAllByRole('button', { name: 'Revoke links' })).at(-1)!);
  expect(await screen.findByText('All links of this order are revoked.')).toBeVisible();
  expect(screen.queryByRole('link', { name: 'Open the customer page' })).toBeNull();
  expect(requests.map((one) => `${one.method} ${one.path}`)).toContain('POST /api/v1/orders/o1/customer-link/revoke');
});

test('says why a reader cannot create or revoke links', async () => {
  mockServer({ 'GET /api/v1/session': session(['orders.read']) });
  renderRoutes([{ path: '/', element: <CustomerPageCard orderId="o1" /> }], '/');

  for (const name of ['Create link', 'Revoke links'])
    await waitFor(() => expect(screen.getByRole('button', { name })).toHaveAccessibleDescription('Your role may not change orders'));
});
