import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { missingKeys } from '@tests/fixtures.mjs';
import { ProblemResponse, mockServer, renderRoutes } from '@tests/harness';
import MappingsPage from './MappingsPage';
import MessagesPage from './MessagesPage';

const around = {
  'GET /api/v1/messages': () => ({ items: [], next: null }),
  'GET /api/v1/provider-instances': () => ({ items: [] }),
  'GET /api/v1/mappings': () => ({ items: [], next: null }),
};

test('one click maps a missing value for its provider and replays the waiting messages', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/messages/unmapped-keys': () => ({ items: missingKeys.slice(0, 1) }),
    'PUT /api/v1/mappings': () => ({ results: [{ ok: true, reason: '' }], replayed: 11 }),
  });
  renderRoutes([{ path: '/my-work/messages', Component: MessagesPage }], '/my-work/messages');
  await screen.findByText('PCS');
  await userEvent.click(screen.getByRole('button', { name: 'Map and replay' }));
  await screen.findByText('Mapped. 11 messages replayed');
  expect(sent.find((item) => item.method === 'PUT')?.body).toEqual({
    mappings: [{ table: 'unit', field: 'code', value: 'PCS', internal: 'ea', scope: 'instance', scope_name: 'fabrikam-store' }],
  });
  expect(sent.find((entry) => entry.path === '/api/v1/messages')?.query.get('state')).toBe('parked');
});

test('the mapping form keeps its input when the server rejects it', async () => {
  mockServer({
    ...around,
    'PUT /api/v1/mappings': () => new ProblemResponse(422, { detail: 'there is no product "Nope"', remedy: 'create it first' }),
  });
  renderRoutes([{ path: '/mappings', Component: MappingsPage }], '/mappings');
  const [open] = await screen.findAllByRole('button', { name: /Add mapping/ });
  if (!open) throw new Error('no button to add a mapping');
  await userEvent.click(open);
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByRole('button', { name: 'Save mapping' })).toBeDisabled();
  await userEvent.type(within(dialog).getByLabelText('External value'), 'X1');
  await userEvent.type(within(dialog).getByLabelText('Internal value'), 'Nope');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Save mapping' }));
  await waitFor(() => expect(within(dialog).getByRole('alert')).toHaveTextContent('there is no product "Nope"'));
  expect(within(dialog).getByLabelText('Internal value')).toHaveValue('Nope');
});

const parkedMessage = {
  id: '31',
  instance: 'fabrikam-store',
  kind: 'order',
  key: '103',
  version: '1',
  state: 'parked',
  received_at: '2026-05-04T12:00:00Z',
  processed_at: null,
  error: { what: 'no mapping for HALL-MIRROR', where: 'lines[0].product', remedy: 'map the key' },
  attempts: 1,
  deliveries: 1,
  entity_id: null,
  missing: [],
};
const detail = { ...parkedMessage, payload: { id: 103 }, document: null, preview: null };
const routes = [{ path: '/my-work/messages', Component: MessagesPage }];

test('the address of a parked message opens it, and closing it keeps the page of the list', async () => {
  mockServer({
    ...around,
    'GET /api/v1/messages': () => ({ items: [parkedMessage], next: null }),
    'GET /api/v1/messages/unmapped-keys': () => ({ items: [] }),
    'GET /api/v1/messages/31': () => detail,
  });
  const { router } = renderRoutes(routes, '/my-work/messages?after=P2&message=31');
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('no mapping for HALL-MIRROR')).toBeInTheDocument();
  await userEvent.click(within(drawer).getByRole('button', { name: 'Close' }));
  await waitFor(() => expect(router.state.location.search).toBe('?after=P2'));
});

test('a message that was replayed leaves the list at once', async () => {
  let items = [parkedMessage];
  mockServer({
    ...around,
    'GET /api/v1/messages': () => ({ items, next: null }),
    'GET /api/v1/messages/unmapped-keys': () => ({ items: [] }),
    'POST /api/v1/messages/replay': () => {
      items = [];
      return { results: [{ id: '31', ok: true, reason: '' }] };
    },
  });
  renderRoutes(routes, '/my-work/messages');
  await userEvent.click(await screen.findByRole('checkbox', { name: 'Select Order 103' }));
  await userEvent.click(screen.getByRole('button', { name: 'Replay' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Replay 1 message' }));
  await within(dialog).findByText('1');
  expect(await screen.findByText('No parked messages')).toBeInTheDocument();
  expect(screen.queryByRole('checkbox', { name: 'Select Order 103' })).toBeNull();
});
