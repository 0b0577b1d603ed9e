import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { instanceDocuments } from '@tests/configuration-fixtures.mjs';
import { catalog, instances, session } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import InstancePage from './InstancePage';
import NewInstancePage from './NewInstancePage';

const store = instances[0]!;
const empty = { items: [], next: null };
/** Replace what is in a field, as typing over a selection does. */
const all = { initialSelectionStart: 0, initialSelectionEnd: 99 };
const APPLY = 'POST /api/v1/configuration/apply';

function open(replies: Record<string, (request: RecordedRequest) => unknown> = {}, path = '/providers/fabrikam-store') {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    'GET /api/v1/provider-instances': () => ({ items: instances }),
    'GET /api/v1/providers': () => ({ items: catalog }),
    'GET /api/v1/configuration': () => ({ documents: instanceDocuments }),
    'GET /api/v1/messages': () => empty,
    'GET /api/v1/mappings': () => empty,
    'GET /api/v1/provider-calls': () => empty,
    'POST /api/v1/provider-instances/fabrikam-store/probe': () => store,
    [APPLY]: () => ({ changes: [] }),
    ...replies,
  });
  const { router } = renderRoutes(
    [
      { path: '/providers/new', Component: NewInstancePage },
      { path: '/providers/:name', Component: InstancePage },
      { path: '*', element: null },
    ],
    path,
  );
  return { requests, router };
}

const applied = (requests: RecordedRequest[]): unknown =>
  (requests.find((request) => `${request.method} ${request.path}` === APPLY)?.body as { documents: unknown[] }).documents[0];
const save = () => screen.findByRole('button', { name: 'Save and test' });

describe('the settings of a provider', () => {
  test('a secret is not shown, and is kept when nothing is entered', async () => {
    const { requests } = open();
    const secret = await screen.findByLabelText('Access token');
    expect(secret).toHaveValue('');
    expect(secret).toHaveAttribute('type', 'password');
    expect(secret).toHaveAttribute('placeholder', 'Saved. Leave empty to keep it.');
    const days = screen.getByLabelText('Days back');
    await userEvent.type(days, '7', all);
    await userEvent.click(await save());
    expect(await screen.findByText('Saved. Connected to fabrikam.example.com')).toBeVisible();
    expect(applied(requests)).toEqual({
      kind: 'provider_instance',
      name: 'fabrikam-store',
      body: {
        provider: 'bigcommerce',
        title: 'Fabrikam store',
        connection: { store_hash: 'x1', token: '********' },
        parameters: { order_statuses: 'awaiting', days_back: 7 },
        poll_seconds: 60,
      },
    });
  });

  test('a new secret is sent', async () => {
    const { requests } = open();
    await userEvent.type(await screen.findByLabelText('Access token'), 'new-secret');
    await userEvent.click(await save());
    await screen.findByText(/^Saved\./);
    expect(applied(requests)).toMatchObject({ body: { connection: { store_hash: 'x1', token: 'new-secret' } } });
  });

  test('a changed address requires the secret again, and the refusal is at its field', async () => {
    const { requests } = open({
      [APPLY]: () =>
        new ProblemResponse(422, {
          detail: 'these documents cannot be applied',
          status: 422,
          problems: [
            {
              where: 'provider_instance fabrikam-store, connection.token',
              what: 'is masked, and nothing is stored for it at this address',
              remedy: 'enter the secret',
            },
          ],
        }),
    });
    const address = await screen.findByLabelText('Store hash');
    await userEvent.clear(address);
    await userEvent.type(address, 'x2');
    expect(screen.getByText('Enter it again: it belongs to the previous connection settings.')).toBeVisible();
    await userEvent.click(await save());
    const secret = screen.getByLabelText('Access token');
    await waitFor(() => expect(secret).toBeInvalid());
    expect(secret).toHaveAccessibleDescription('Enter it again: it belongs to the previous connection settings.');
    expect(screen.getByRole('alert')).toHaveTextContent('Not saved. Correct the marked field.');
    expect(address).toHaveValue('x2');
    expect(applied(requests)).toMatchObject({ body: { connection: { store_hash: 'x2', token: '********' } } });
  });

  test('a refused parameter is marked, and what was entered is kept', async () => {
    open({
      [APPLY]: () =>
        new ProblemResponse(422, {
          detail: 'these documents cannot be applied',
          problems: [{ where: 'provider_instance fabrikam-store, parameters.days_back', what: 'Input should be at most 90', remedy: '' }],
        }),
    });
    const days = await screen.findByLabelText('Days back');
    await userEvent.type(days, '30', all);
    await userEvent.click(await save());
    await waitFor(() => expect(days).toHaveAccessibleDescription('Input should be at most 90.'));
    expect(days).toHaveValue('30');
  });

  test('a failed connection test is shown after saving', async () => {
    open({
      'POST /api/v1/provider-instances/fabrikam-store/probe': () => ({ ...store, state: 'red', error: 'The token is unknown' }),
    });
    await userEvent.type(await screen.findByLabelText('Access token'), 'wrong');
    await userEvent.click(await save());
    expect(await screen.findByRole('status')).toHaveTextContent('the connection test failed: Not connected The token is unknown');
  });

  test('nothing can be saved before something is changed', async () => {
    open();
    const button = await save();
    await screen.findByLabelText('Access token');
    expect(button).toHaveAttribute('aria-disabled', 'true');
    expect(button).toHaveAccessibleDescription('Nothing has been changed');
  });

  test('without permission to read the configuration, the page says what to request', async () => {
    open({ 'GET /api/v1/session': () => ({ ...session, permissions: ['providers.read'] }) });
    expect(await screen.findByText(/Ask an administrator for permission to read the configuration/)).toBeVisible();
    expect(screen.getByRole('button', { name: /Pause/ })).toHaveAttribute('aria-disabled', 'true');
  });
});

describe('pausing a provider', () => {
  test('a provider is paused', async () => {
    const { requests } = open({ 'POST /api/v1/provider-instances/fabrikam-store/pause': () => store });
    await waitFor(() => expect(screen.getByRole('button', { name: /Pause/ })).not.toHaveAttribute('aria-disabled'));
    await userEvent.click(screen.getByRole('button', { name: /Pause/ }));
    expect(await screen.findByText('Fabrikam store is paused')).toBeVisible();
    expect(requests.some((request) => request.path.endsWith('/pause'))).toBe(true);
  });

  test('a paused provider says since when, by whom and what waits, and resumes', async () => {
    const paused = { ...store, paused_at: '2026-11-30T09:00:00Z', paused_by: 'ana@fabrikam.example', messages: { on_hold: 12 } };
    open({
      'GET /api/v1/provider-instances': () => ({ items: [paused] }),
      'POST /api/v1/provider-instances/fabrikam-store/resume': () => ({ instance: store, messages: 12, calls: 1 }),
    });
    const note = await screen.findByText(/by ana@fabrikam.example/);
    expect(note).toHaveTextContent('(12 so far)');
    expect(note).toHaveTextContent('Nothing is lost');
    await userEvent.click(screen.getByRole('button', { name: /Resume/ }));
    expect(await screen.findByText('Fabrikam store resumed. Catching up on 12 messages and 1 call')).toBeVisible();
  });
});

test.each([
  ['messages', 'No messages yet', '/api/v1/messages', 'fabrikam-store'],
  ['calls', 'No provider calls', '/api/v1/provider-calls', 'fabrikam-store'],
  ['mappings', 'No mappings of its own', '/api/v1/mappings', 'fabrikam-store'],
])('the tab %s has only what belongs to the provider', async (tab, title, path, instance) => {
  const { requests } = open({}, `/providers/fabrikam-store?tab=${tab}`);
  expect(await screen.findByRole('heading', { name: title })).toBeVisible();
  expect(requests.find((request) => request.path === path)?.query.get('instance')).toBe(instance);
});

test('a provider that is not installed leads back to those that are', async () => {
  open({}, '/providers/unknown');
  expect(await screen.findByRole('heading', { name: 'This provider is not installed' })).toBeVisible();
  expect(screen.getByRole('link', { name: 'View installed providers' })).toHaveAttribute('href', '/providers');
});

describe('installing a provider', () => {
  test('its name and credentials are entered, and its page opens', async () => {
    const { requests, router } = open(
      { 'POST /api/v1/provider-instances/outlet/probe': () => ({ ...store, name: 'outlet' }) },
      '/providers/new?provider=bigcommerce',
    );
    const form = within(await screen.findByRole('form', { name: 'Settings' }));
    await userEvent.type(form.getByLabelText('Name'), 'outlet');
    await userEvent.type(form.getByLabelText('Store hash'), 'o1');
    await userEvent.type(form.getByLabelText('Access token'), 'secret');
    await userEvent.click(form.getByRole('button', { name: 'Install and test' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/providers/outlet'));
    expect(applied(requests)).toEqual({
      kind: 'provider_instance',
      name: 'outlet',
      body: {
        provider: 'bigcommerce',
        title: 'BigCommerce',
        connection: { store_hash: 'o1', token: 'secret' },
        parameters: { order_statuses: 'awaiting', days_back: 1 },
      },
    });
  });

  test('without a chosen provider, the page leads to the library', async () => {
    open({}, '/providers/new');
    expect(await screen.findByRole('link', { name: 'Open the library' })).toHaveAttribute('href', '/providers/library');
  });
});
