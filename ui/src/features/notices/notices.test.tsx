import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { mockServer, renderRoutes } from '@tests/harness';
import NoticeTemplatesPage from './NoticeTemplatesPage';

const body = {
  title: 'Order confirmation',
  event: 'order.created',
  active: true,
  languages: { en: { subject: 'Your order', text: 'Hello', html: '<p>Hello</p>' } },
};

test('a template is changed, previewed for an order and saved', async () => {
  const requests = mockServer({
    'GET /api/v1/session': () => ({ name: 'Dana', email: 'dana@example.com', permissions: ['*'], environment: 'Sandbox' }),
    'GET /api/v1/notice-templates': () => ({
      items: [{ name: 'order_confirmation', shipped: true, body }],
      tokens: [{ name: 'order.number', title: 'Number of the order' }],
      lists: {},
      filters: [],
    }),
    'POST /api/v1/notice-templates/preview': () => ({
      language: 'en',
      subject: 'Your order 1001',
      body_text: 'Hello Ann',
      body_html: '<p>Hello Ann</p>',
    }),
    'POST /api/v1/configuration/apply': () => ({ changes: [] }),
  });
  renderRoutes([{ path: '/', element: <NoticeTemplatesPage /> }], '/');
  const subject = await screen.findByLabelText('Subject');
  expect(screen.getByRole('button', { name: 'Save template' })).toHaveAttribute('aria-disabled', 'true');
  await userEvent.type(subject, ' today');

  await userEvent.type(screen.getByLabelText('Order number'), '1001{Enter}');
  expect(await screen.findByText('Your order 1001')).toBeVisible();
  expect(screen.getByTitle('HTML of the notice')).toHaveAttribute('sandbox', '');

  await userEvent.click(screen.getByRole('button', { name: 'Save template' }));
  await waitFor(() => {
    const saved = requests.find((one) => one.path === '/api/v1/configuration/apply');
    expect(JSON.stringify(saved?.body)).toContain('Your order today');
  });
});
