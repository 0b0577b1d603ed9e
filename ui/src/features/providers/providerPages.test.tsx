import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { calls, catalog, instances, mappingRelease, mappings, messages, payload, session } from '@tests/fixtures.mjs';
import { chooseOption, mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import InstalledPage from './InstalledPage';
import LibraryPage from './LibraryPage';
import MappingsPage from './MappingsPage';
import MessagesPage from './MessagesPage';

const routes = [
  { path: '/providers', Component: InstalledPage },
  { path: '/providers/library', Component: LibraryPage },
  { path: '/mappings', Component: MappingsPage },
  { path: '/my-work/messages', Component: MessagesPage },
];
const cardOf = async (title: string) => (await screen.findByRole('heading', { name: title })).closest('section')!;

describe('installed providers', () => {
  const replies = {
    'GET /api/v1/provider-instances': () => ({ items: instances }),
    'GET /api/v1/provider-calls': () => ({ items: calls.slice(0, 5), next: null }),
  };

  test('a card shows state, account, polling and parked messages', async () => {
    mockServer(replies);
    renderRoutes(routes, '/providers');
    const card = await cardOf('Fabrikam store');
    expect(within(card).getByText('Connected')).toBeInTheDocument();
    expect(card).toHaveTextContent('fabrikam.example.com');
    expect(card).toHaveTextContent('60 s');
    expect(within(card).getByRole('link', { name: '23 parked' })).toHaveAttribute('href', '/my-work/messages?instance=fabrikam-store');
  });

  test('a failing connection shows its error and missing permissions', async () => {
    mockServer(replies);
    renderRoutes(routes, '/providers');
    const card = await cardOf('Fabrikam 3PL');
    expect(within(card).getByText('Not connected')).toBeInTheDocument();
    expect(card).toHaveTextContent('The 3PL answered 401');
    expect(within(card).getByText('Missing: shipments.read')).toBeInTheDocument();
    const poll = within(card).getByRole('button', { name: 'Poll now' });
    expect(poll).toHaveAccessibleDescription('This provider sends updates by webhook');
  });

  test('a connection is tested', async () => {
    const requests = mockServer({ ...replies, 'POST /api/v1/provider-instances/fabrikam-3pl/probe': () => instances[1] });
    renderRoutes(routes, '/providers');
    await userEvent.click(within(await cardOf('Fabrikam 3PL')).getByRole('button', { name: 'Test connection' }));
    await waitFor(() => expect(requests.some((request) => request.path.endsWith('/fabrikam-3pl/probe'))).toBe(true));
  });

  test('polling is confirmed, and a failure is shown in the card', async () => {
    let fails = false;
    mockServer({
      ...replies,
      'POST /api/v1/provider-instances/fabrikam-store/poll': () => (fails ? new ProblemResponse(502, { detail: 'The store is down' }) : {}),
    });
    renderRoutes(routes, '/providers');
    const card = await cardOf('Fabrikam store');
    await userEvent.click(within(card).getByRole('button', { name: 'Poll now' }));
    expect(await screen.findByText('Polling Fabrikam store')).toBeInTheDocument();
    fails = true;
    await userEvent.click(await within(card).findByRole('button', { name: 'Poll now' }));
    expect(await within(card).findByRole('alert')).toHaveTextContent('The store is down');
  });

  test('the call log shows path and response, and filters failed calls', async () => {
    const requests = mockServer(replies);
    renderRoutes(routes, '/providers?failed=true');
    const log = await screen.findByRole('region', { name: 'Call log' });
    expect((await within(log).findAllByText(/\/stores\/x1\/v2|\/fulfillment-orders\/bulk/)).length).toBeGreaterThan(0);
    expect(within(log).getByText('503')).toBeInTheDocument();
    expect(requests.find((request) => request.path === '/api/v1/provider-calls')?.query.get('failed')).toBe('true');
  });

  test('without providers the page leads to the library', async () => {
    mockServer({ ...replies, 'GET /api/v1/provider-instances': () => ({ items: [] }) });
    renderRoutes(routes, '/providers');
    expect(await screen.findByText('No providers installed')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Open the library' })).toHaveAttribute('href', '/providers/library');
  });
});

describe('the library', () => {
  const replies = {
    'GET /api/v1/providers': () => ({ items: catalog }),
    'GET /api/v1/provider-instances': () => ({ items: instances }),
  };

  test('installed providers are marked and entries open with their settings', async () => {
    mockServer(replies);
    renderRoutes(routes, '/providers/library');
    const entry = await screen.findByRole('button', { name: /BigCommerce/ });
    expect(await within(entry).findByText('Installed')).toBeInTheDocument();
    await userEvent.click(entry);
    const drawer = await screen.findByRole('dialog');
    expect(drawer).toHaveTextContent('Imports');
    expect(drawer).toHaveTextContent('Push status');
    expect(within(drawer).getByText('Access token').closest('li')).toHaveTextContent('Secret');
    const install = within(drawer).getByRole('link', { name: 'Install BigCommerce' });
    expect(install).toHaveAttribute('href', '/providers/new?provider=bigcommerce');
  });

  test('entries are found by text and category', async () => {
    mockServer(replies);
    renderRoutes(routes, '/providers/library');
    await screen.findByRole('button', { name: /BigCommerce/ });
    await userEvent.click(screen.getByText('Fulfillment', { selector: '.ant-segmented-item-label' }));
    expect(screen.queryByRole('button', { name: /BigCommerce/ })).toBeNull();
    await userEvent.type(screen.getByRole('textbox', { name: 'Find a provider' }), 'carrier');
    expect(screen.getByText('No matching providers')).toBeInTheDocument();
  });
});

describe('messages', () => {
  const [message] = messages;
  const id = message?.id ?? '';
  const replies = (items: unknown[] = messages.slice(0, 2)) => ({
    'GET /api/v1/messages': () => ({ items, next: null }),
    'GET /api/v1/messages/missing-keys': () => ({ items: [] }),
    'GET /api/v1/provider-instances': () => ({ items: instances }),
    [`GET /api/v1/messages/${id}`]: () => ({ ...message, payload, document: null }),
  });

  test('the field of an error is described in words', async () => {
    mockServer(replies());
    renderRoutes(routes, '/my-work/messages');
    const row = (await screen.findByRole('button', { name: 'Order 3100' })).closest('tr');
    expect(row).toHaveTextContent('Product is not mapped');
    expect(row).toHaveTextContent('Line 1, product');
    expect(row).not.toHaveTextContent('lines.0.product');
  });

  test('a message opens with its error, remedy and original content', async () => {
    mockServer(replies());
    renderRoutes(routes, '/my-work/messages');
    await userEvent.click(await screen.findByRole('button', { name: 'Order 3100' }));
    const drawer = await screen.findByRole('dialog');
    expect(await within(drawer).findByText('Product is not mapped')).toBeInTheDocument();
    expect(drawer).toHaveTextContent('Map the value below; the message then replays by itself');
    expect(within(drawer).getByLabelText('payload')).toHaveTextContent('"currency_code": "USD"');
  });

  test('a message is discarded from its drawer', async () => {
    const requests = mockServer({ ...replies(), 'POST /api/v1/messages/discard': () => ({ results: [{ id, ok: true, reason: '' }] }) });
    renderRoutes(routes, '/my-work/messages');
    await userEvent.click(await screen.findByRole('button', { name: 'Order 3100' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Discard' }));
    expect(await screen.findByText(/stays available in the Discarded state/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Discard 1 message' }));
    await waitFor(() => expect(requests.find((request) => request.method === 'POST')?.body).toEqual({ ids: [id] }));
  });

  test('selected messages are replayed', async () => {
    const requests = mockServer({ ...replies(), 'POST /api/v1/messages/replay': () => ({ results: [{ id, ok: true, reason: '' }] }) });
    renderRoutes(routes, '/my-work/messages');
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Select Order 3100' }));
    await userEvent.click(screen.getByRole('button', { name: 'Replay' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Replay 1 message' }));
    await waitFor(() => expect(requests.find((request) => request.method === 'POST')?.body).toEqual({ ids: [id] }));
  });

  test('empty states differ for parked messages and for filters', async () => {
    mockServer(replies([]));
    const { router } = renderRoutes(routes, '/my-work/messages?state=discarded');
    expect(await screen.findByText('No matching messages')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Show parked messages' }));
    expect(await screen.findByText('No parked messages')).toBeInTheDocument();
    expect(router.state.location.search).toBe('');
  });
});

/** Click a button once the permissions are known. */
async function clickAllowed(name: string): Promise<void> {
  await waitFor(() => expect(screen.getByRole('button', { name })).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(screen.getByRole('button', { name }));
}

describe('mappings', () => {
  const replies = {
    'GET /api/v1/session': () => session,
    'GET /api/v1/mappings': () => ({ items: mappings, next: null }),
    'GET /api/v1/provider-instances': () => ({ items: instances }),
  };

  test('the list shows both values and where the mapping applies', async () => {
    mockServer(replies);
    renderRoutes(routes, '/mappings');
    const row = (await screen.findByText('MRS-5')).closest('tr');
    expect(row).toHaveTextContent('MidRangeSpeaker');
    expect(row).toHaveTextContent('Provider fabrikam-store');
    expect(screen.getByText('Guest').closest('tr')).toHaveTextContent('Everywhere');
  });

  test('a mapping for a group needs the name of the group', async () => {
    const requests = mockServer({
      ...replies,
      'GET /api/v1/units': () => ({ items: [{ name: 'ea', title: 'Each' }], next: null }),
      'GET /api/v1/products': () => ({ items: [], next: null }),
      'POST /api/v1/mappings/preview': () => ({ ...mappingRelease, messages: 2, orders: 0, amounts: [], needing_more: 0 }),
      'PUT /api/v1/mappings': () => ({ results: [{ ok: true, reason: '' }], replayed: 2, messages: ['1', '2'] }),
    });
    renderRoutes(routes, '/mappings');
    await clickAllowed('Add mapping');
    const dialog = await screen.findByRole('dialog');
    await chooseOption(/Table/, 'Unit');
    await userEvent.type(within(dialog).getByLabelText('External value'), 'PCS');
    await chooseOption(/Internal value/, 'eaEach');
    await chooseOption(/Applies to/, 'A mapping group');
    expect(within(dialog).getByRole('button', { name: 'Save mapping' })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.type(within(dialog).getByLabelText('Group'), 'Web stores');
    expect(await within(dialog).findByText('2 messages')).toBeInTheDocument();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Save mapping' }));
    expect(await screen.findByText('PCS is mapped to ea')).toBeInTheDocument();
    expect(requests.find((request) => request.method === 'PUT')?.body).toMatchObject({
      mappings: [{ value: 'PCS', internal: 'ea', scope: 'group', scope_name: 'Web stores' }],
    });
  });

  test('mappings are searched, and without a match the page offers all of them', async () => {
    const requests = mockServer({ ...replies, 'GET /api/v1/mappings': () => ({ items: [], next: null }) });
    renderRoutes(routes, '/mappings?search=mrs');
    expect(await screen.findByText('No matching mappings')).toBeInTheDocument();
    expect(requests.find((request) => request.path === '/api/v1/mappings')?.query.get('search')).toBe('mrs');
    await userEvent.click(screen.getByRole('button', { name: 'Show all mappings' }));
    expect(await screen.findByText('No mappings')).toBeInTheDocument();
  });

  test('a mapping is deleted after a confirmation and restored by undoing', async () => {
    const requests = mockServer({
      ...replies,
      'POST /api/v1/mappings/delete': () => ({ deleted: 1, orders: [] }),
      'PUT /api/v1/mappings': () => ({ results: [{ ok: true, reason: '' }], replayed: 0, messages: [] }),
    });
    renderRoutes(routes, '/mappings');
    await clickAllowed('Delete mapping of MRS-5');
    expect(await screen.findByText(/are parked until it is mapped again/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Delete mapping' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
    expect(await screen.findByText('Mapping of MRS-5 restored')).toBeInTheDocument();
    const key = { table: 'product', field: 'sku', value: 'MRS-5', scope: 'instance', scope_name: 'fabrikam-store' };
    expect(requests.find((request) => request.path.endsWith('/delete'))?.body).toEqual({ mappings: [key], messages: [] });
    expect(requests.find((request) => request.method === 'PUT')?.body).toEqual({ mappings: [{ ...key, internal: 'MidRangeSpeaker' }] });
  });

  test('an edited mapping keeps its key, and saving needs another internal value', async () => {
    mockServer({
      ...replies,
      'GET /api/v1/products': () => ({ items: [], next: null }),
      'POST /api/v1/mappings/preview': () => ({ ...mappingRelease, messages: 0, orders: 0, amounts: [], external: [] }),
    });
    renderRoutes(routes, '/mappings');
    await clickAllowed('Edit mapping of MRS-5');
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByLabelText('External value')).toBeDisabled();
    expect(within(dialog).getByRole('button', { name: 'Save mapping' })).toHaveAttribute('aria-disabled', 'true');
    expect(await within(dialog).findByText('No parked message is released.')).toBeInTheDocument();
  });

  test('without the permission the buttons say why they are disabled', async () => {
    mockServer({ ...replies, 'GET /api/v1/session': () => ({ ...session, permissions: ['providers.read'] }) });
    renderRoutes(routes, '/mappings');
    const edit = await screen.findByRole('button', { name: 'Edit mapping of MRS-5' });
    expect(edit).toHaveAccessibleDescription('Your role may not change mappings');
  });
});
