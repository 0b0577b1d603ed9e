import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { type RecordedRequest, mockServer, renderRoutes } from '@tests/harness';
import WaitingLinesPage from './WaitingLinesPage';

const row = (id: string, part: object = {}) => ({
  line_id: id,
  order_id: `order-${id}`,
  order_number: `10${id}`,
  customer_name: 'Ana Souza',
  instance: 'shop',
  manual_hold: false,
  line_number: 1,
  product: 'LAMP',
  name: 'Oak lamp',
  variant: {},
  unit: 'ea',
  quantity: 4,
  stock_quantity: 4,
  kind: 'backorder',
  state: 'waiting',
  since: '2026-11-20T10:00:00Z',
  released_at: null,
  expires_at: null,
  launch_date: null,
  available_on: null,
  confidence: null,
  lines_before: 0,
  units_before: 0,
  reason: 'no source has any free',
  ...part,
});
const manager = { name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' };

function company(items: object[], replies: Record<string, (sent: RecordedRequest) => unknown> = {}): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/session': () => manager,
    'GET /api/v1/waiting-lines': () => ({ items, next: null }),
    ...replies,
  });
}
const routes = [{ path: '/waiting-lines', Component: WaitingLinesPage }];

test('a waiting line shows its reason, promise date and queue position', async () => {
  company([row('1'), row('2', { lines_before: 1000, units_before: 3100, available_on: '2027-01-05', confidence: 0.7 })]);
  renderRoutes(routes, '/waiting-lines');
  const first = (await screen.findByText('101')).closest('tr') as HTMLElement;
  expect(first).toHaveTextContent('No source has any free');
  expect(first).toHaveTextContent('No supply scheduled');
  expect(first).toHaveTextContent('First');
  const second = screen.getByText('102').closest('tr') as HTMLElement;
  expect(second).toHaveTextContent('1,000 or more lines');
  expect(second).toHaveTextContent('70% confidence');
});

test('selected lines are rechecked and reported one by one', async () => {
  const results = [{ id: '1', ok: false, reason: 'no source has any free' }];
  const sent = company([row('1'), row('2')], { 'POST /api/v1/waiting-lines/recheck': () => ({ results }) });
  renderRoutes(routes, '/waiting-lines');
  await userEvent.click(await screen.findByRole('checkbox', { name: 'Select 101, line 1: 4 LAMP' }));
  await userEvent.click(screen.getByRole('button', { name: 'Recheck now' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Recheck now 1 line' }));
  expect(await screen.findByText('no source has any free', { selector: '.bulk-report span' })).toBeInTheDocument();
  expect(sent.find((item) => item.method === 'POST')?.body).toEqual({ ids: ['1'], reason: '' });
});

test('a line opens a drawer with the lines ahead of it', async () => {
  const ahead = { ...row('9'), available_on: null };
  company([row('2', { lines_before: 1, units_before: 4 })], {
    'GET /api/v1/waiting-lines/2': () => ({
      line: row('2', { lines_before: 1, units_before: 4, reason: 'needs 4 from one source; the most one has available is 2' }),
      before: [ahead],
      free: [{ source: 'SEA', units: 2 }],
    }),
  });
  renderRoutes(routes, '/waiting-lines?open=2');
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('1 line, 4 units')).toBeInTheDocument();
  expect(within(drawer).getByText('109')).toHaveAttribute('href', '/orders/order-9');
  expect(within(drawer).getByText('SEA').closest('li')).toHaveAttribute('data-enough', 'false');
});

test('each view has its own filter and empty state', async () => {
  const sent = company([]);
  renderRoutes(routes, '/waiting-lines?view=unpromised');
  expect(await screen.findByText('All waiting lines have a promise date')).toBeInTheDocument();
  await waitFor(() => expect(sent.findLast((item) => item.path === '/api/v1/waiting-lines')?.query.get('unpromised')).toBe('true'));
});
