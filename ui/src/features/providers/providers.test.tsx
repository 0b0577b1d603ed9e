import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { instances, mappingRelease, missingKeys, session } from '@tests/fixtures.mjs';
import { chooseOption, ProblemResponse, mockServer, renderRoutes } from '@tests/harness';
import MappingsPage from './MappingsPage';
import MessagesPage from './MessagesPage';

const scale = {
  number: 'Accu Scale',
  name: 'Accu Scale, digital kitchen scale',
  sku: 'AS-1',
  unit: 'ea',
  image: '',
  weight_kg: null,
  currency: 'USD',
  list_price: '25.0000',
};
const [, missing] = missingKeys;
const around = {
  'GET /api/v1/session': () => session,
  'GET /api/v1/messages': () => ({ items: [], next: null }),
  'GET /api/v1/provider-instances': () => ({ items: instances }),
  'GET /api/v1/mappings': () => ({ items: [], next: null }),
  'GET /api/v1/products': () => ({ items: [scale], next: null }),
  'POST /api/v1/mappings/preview': () => mappingRelease,
};
const routes = [{ path: '/my-work/messages', Component: MessagesPage }];
const openDialog = async () => {
  renderRoutes(routes, '/my-work/messages');
  const name = 'Choose product for ACC-SC';
  await waitFor(() => expect(screen.getByRole('button', { name })).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(screen.getByRole('button', { name }));
  return within(await screen.findByRole('dialog'));
};

test('a guess is never chosen in advance, and both records are compared before a value is mapped', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/messages/unmapped-keys': () => ({ items: [missing] }),
    'PUT /api/v1/mappings': () => ({ results: [{ ok: true, reason: '' }], replayed: 6, messages: ['4', '5'] }),
    'POST /api/v1/mappings/delete': () => ({ deleted: 1, orders: [{ id: 'o-1', number: '3100' }] }),
  });
  const dialog = await openDialog();
  expect(dialog.getByRole('radio', { name: /Accu Scale/ })).not.toBeChecked();
  expect(dialog.getByText('Guess, 91% similar: similar spelling')).toBeInTheDocument();
  expect(dialog.getByRole('button', { name: 'Map and replay' })).toHaveAttribute('aria-disabled', 'true');
  expect(dialog.getByText('Choose a product first')).toBeInTheDocument();

  await userEvent.click(dialog.getByRole('radio', { name: /Accu Scale/ }));
  const theirs = within(await dialog.findByRole('region', { name: 'In the message' }));
  expect(await theirs.findByText('Kitchen scale, 5 kg')).toBeInTheDocument();
  expect(theirs.getByText('$24.90')).toBeInTheDocument();
  const ours = within(dialog.getByRole('region', { name: 'Our product' }));
  expect(await ours.findByText('AS-1')).toBeInTheDocument();
  expect(ours.getByText('$25.00')).toBeInTheDocument();
  expect(dialog.getByRole('note')).toHaveTextContent('Releases 6 messages with 5 orders for €80.50 EUR and $1,240.00 USD');
  expect(dialog.getByRole('note')).toHaveTextContent('1 more message also needs another mapping and stays parked.');

  await userEvent.click(dialog.getByRole('button', { name: 'Map and replay' }));
  await screen.findByText('ACC-SC is mapped to Accu Scale');
  const key = { table: 'product', field: 'sku', value: 'ACC-SC', scope: 'instance', scope_name: 'fabrikam-store' };
  expect(sent.find((item) => item.method === 'PUT')?.body).toEqual({ mappings: [{ ...key, internal: 'Accu Scale' }] });
  expect(sent.find((entry) => entry.path === '/api/v1/messages')?.query.get('state')).toBe('parked');

  await userEvent.click(screen.getByRole('button', { name: 'Undo' }));
  await screen.findByText('Mapping of ACC-SC deleted');
  expect(screen.getByRole('link', { name: '3100' })).toHaveAttribute('href', '/orders/o-1');
  expect(screen.getByText(/5 messages are parked again/)).toBeInTheDocument();
  expect(sent.find((item) => item.path.endsWith('/delete'))?.body).toEqual({ mappings: [key], messages: ['4', '5'] });
});

test('the one record with the same code is chosen in advance and says why', async () => {
  const certain = { internal: 'Accu Scale', label: 'Accu Scale', score: 1, reason: 'same code ACC-SC', certain: true };
  mockServer({
    ...around,
    'GET /api/v1/messages/unmapped-keys': () => ({ items: [{ ...missing, suggestions: [certain] }] }),
  });
  const dialog = await openDialog();
  expect(dialog.getByRole('radio', { name: /Accu Scale/ })).toBeChecked();
  expect(dialog.getByText('Certain: same code ACC-SC')).toBeInTheDocument();
  await waitFor(() => expect(dialog.getByRole('button', { name: 'Map and replay' })).toBeEnabled());
});

test('the mapping form keeps its input when the server rejects it', async () => {
  mockServer({
    ...around,
    'PUT /api/v1/mappings': () => new ProblemResponse(422, { detail: 'there is no product "Accu Scale"', remedy: 'create it first' }),
  });
  renderRoutes([{ path: '/mappings', Component: MappingsPage }], '/mappings');
  await waitFor(() => expect(screen.getAllByRole('button', { name: /Add mapping/ })[0]).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(screen.getAllByRole('button', { name: /Add mapping/ })[0]!);
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByRole('button', { name: 'Save mapping' })).toHaveAttribute('aria-disabled', 'true');
  await userEvent.type(within(dialog).getByLabelText('External value'), 'X1');
  await chooseOption(/Internal value/, 'Accu ScaleAccu Scale, digital kitchen scale');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Save mapping' }));
  await waitFor(() => expect(within(dialog).getByRole('alert')).toHaveTextContent('there is no product "Accu Scale"'));
  expect(within(dialog).getByLabelText('External value')).toHaveValue('X1');
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
