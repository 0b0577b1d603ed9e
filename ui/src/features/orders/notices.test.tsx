import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { mockServer, renderRoutes } from '@tests/harness';
import { NoticesCard } from './NoticesCard';

const notice = {
  id: 'n1',
  order_id: 'o1',
  order_number: '1001',
  template: 'order_confirmation',
  language: 'en',
  recipient: 'ann@example.com',
  subject: 'Your order 1001',
  state: 'unsent',
  reason: 'no mail server is configured',
  attempts: 0,
  created_at: '2026-11-20T11:00:00Z',
  sent_at: null,
};

test('shows why a notice is not sent, its text, and switches notices off', async () => {
  const requests = mockServer({
    'GET /api/v1/session': () => ({ name: 'Dana', email: 'dana@example.com', permissions: ['*'], environment: 'Sandbox' }),
    'GET /api/v1/orders/o1/notices': () => ({ enabled: true, items: [notice] }),
    'GET /api/v1/notices/n1': () => ({ ...notice, body_text: 'Thank you for your order', body_html: '' }),
    'PUT /api/v1/orders/o1/notices/switch': () => undefined,
  });
  renderRoutes([{ path: '/', element: <NoticesCard orderId="o1" /> }], '/');
  expect(await screen.findByText('Not sent')).toBeVisible();
  expect(screen.getByText('no mail server is configured')).toBeVisible();

  await userEvent.click(screen.getByRole('button', { name: 'Open the notice Your order 1001' }));
  expect(await screen.findByText('Thank you for your order')).toBeVisible();
  await userEvent.keyboard('{Escape}');

  await userEvent.click(await screen.findByRole('button', { name: 'Switch notices off' }));
  await waitFor(() => expect(requests.map((one) => `${one.method} ${one.path}`)).toContain('PUT /api/v1/orders/o1/notices/switch'));
});
