import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { roles, tokens, users } from '@tests/configuration-fixtures.mjs';
import { session } from '@tests/fixtures.mjs';
import { chooseOption, mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import RolesPage from './RolesPage';
import TokensPage from './TokensPage';
import UsersPage from './UsersPage';

const forbidden = new ProblemResponse(403, {
  detail: 'dana@fabrikam.example may not grant orders.write, providers.read',
  where: 'roles',
  remedy: 'grant only permissions that you have, or ask an administrator',
  status: 403,
});
const inWords =
  'Dana@fabrikam.example may not grant change orders, see providers. Grant only permissions that you have, or ask an administrator.';

function open(path: string, replies: Record<string, (request: RecordedRequest) => unknown> = {}): RecordedRequest[] {
  const requests = mockServer({
    'GET /api/v1/session': () => session,
    'GET /api/v1/users': () => ({ items: users }),
    'GET /api/v1/roles': () => roles,
    'GET /api/v1/api-tokens': () => ({ items: tokens }),
    ...replies,
  });
  renderRoutes(
    [
      { path: '/settings/users', Component: UsersPage },
      { path: '/settings/roles', Component: RolesPage },
      { path: '/settings/api-tokens', Component: TokensPage },
    ],
    path,
  );
  return requests;
}

const sentTo = (requests: RecordedRequest[], method: string): RecordedRequest | undefined =>
  requests.find((request) => request.method === method);
const enabled = async (name: string | RegExp): Promise<HTMLElement> => {
  const button = await screen.findByRole('button', { name });
  await waitFor(() => expect(button).not.toHaveAttribute('aria-disabled'));
  return button;
};

describe('users', () => {
  test('are listed with their roles and state, and found by name or e-mail', async () => {
    open('/settings/users?search=li@');
    expect(await screen.findByRole('button', { name: 'Li Wei' })).toBeVisible();
    expect(screen.getByText('Inactive')).toBeVisible();
    await waitFor(() => expect(screen.getByText('Returns')).toBeVisible());
    expect(screen.queryByText('Ana Souza')).toBeNull();
  });

  test('are created with a role', async () => {
    const requests = open('/settings/users', { 'POST /api/v1/users': () => users[0] });
    await userEvent.click(await enabled(/New user/));
    await userEvent.type(screen.getByLabelText('Name'), 'Bo Lind');
    await userEvent.type(screen.getByLabelText('E-mail'), 'bo@fabrikam.example');
    await userEvent.type(screen.getByLabelText('Password'), 'correct horse');
    await chooseOption('Roles', 'Viewer');
    await userEvent.click(await enabled('Create user'));
    expect(await screen.findByText('Ana Souza can sign in now')).toBeVisible();
    expect(sentTo(requests, 'POST')?.body).toEqual({
      name: 'Bo Lind',
      email: 'bo@fabrikam.example',
      password: 'correct horse',
      roles: ['viewer'],
    });
  });

  test('a role with more permissions is refused in plain words at its field, and the input is kept', async () => {
    open(`/settings/users?open=${users[0]!.id}`, { [`PATCH /api/v1/users/${users[0]!.id}`]: () => forbidden });
    const name = await screen.findByLabelText('Name');
    await userEvent.type(name, ' Lima');
    await userEvent.click(await enabled('Save user'));
    expect(await screen.findByText(inWords)).toBeVisible();
    expect(screen.getByLabelText('Roles')).toHaveAttribute('aria-invalid', 'true');
    expect(name).toHaveValue('Ana Souza Lima');
  });

  test('are deactivated and reactivated', async () => {
    const requests = open('/settings/users', { [`PATCH /api/v1/users/${users[0]!.id}`]: () => ({ ...users[0], active: false }) });
    await userEvent.click(await enabled('Deactivate Ana Souza'));
    expect(await screen.findByText('Ana Souza is deactivated and signed out')).toBeVisible();
    expect(sentTo(requests, 'PATCH')?.body).toEqual({ active: false });
    expect(screen.getByRole('button', { name: 'Reactivate Li Wei' })).toBeVisible();
  });

  test('get a new password; a short one is refused at its field', async () => {
    let short = true;
    const path = `/api/v1/users/${users[0]!.id}/password`;
    open('/settings/users', {
      [`POST ${path}`]: () =>
        short
          ? new ProblemResponse(422, { detail: 'the password is too short', where: 'password', remedy: 'use at least 8 characters' })
          : null,
    });
    await userEvent.click(await enabled('Set a new password for Ana Souza'));
    const field = screen.getByLabelText('New password');
    await userEvent.type(field, 'short');
    await userEvent.click(screen.getByRole('button', { name: 'Set password' }));
    await waitFor(() => expect(field).toHaveAccessibleDescription('The password is too short. Use at least 8 characters.'));
    short = false;
    await userEvent.type(field, ' and longer');
    await userEvent.click(screen.getByRole('button', { name: 'Set password' }));
    expect(await screen.findByText('Ana Souza has a new password and is signed out')).toBeVisible();
  });

  test('cannot be changed without permission', async () => {
    open('/settings/users', { 'GET /api/v1/session': () => ({ ...session, permissions: ['administration.read'] }) });
    expect(await screen.findByRole('button', { name: 'Deactivate Ana Souza' })).toHaveAttribute('aria-disabled', 'true');
  });
});

describe('roles', () => {
  test('a role is created from permissions in words', async () => {
    const requests = open('/settings/roles', { 'POST /api/v1/configuration/apply': () => ({ changes: [] }) });
    await userEvent.click(await enabled(/New role/));
    await userEvent.type(screen.getByLabelText('Name'), 'night_shift');
    await userEvent.type(screen.getByLabelText('Title'), 'Night shift');
    await userEvent.click(screen.getByRole('checkbox', { name: 'See orders' }));
    await userEvent.click(screen.getByRole('checkbox', { name: 'Change fulfillment' }));
    await userEvent.click(await enabled('Save role'));
    expect(await screen.findByText('Night shift saved')).toBeVisible();
    expect(sentTo(requests, 'POST')?.body).toMatchObject({
      documents: [{ kind: 'role', name: 'night_shift', body: { title: 'Night shift', permissions: ['fulfillment.write', 'orders.read'] } }],
    });
  });

  test('a built-in role is shown and cannot be changed', async () => {
    open('/settings/roles?open=order_manager');
    expect(await screen.findByText(/This role is built in/)).toBeVisible();
    expect(screen.getByRole('checkbox', { name: 'Change orders' })).toBeChecked();
    expect(screen.getByRole('checkbox', { name: 'Change orders' })).toBeDisabled();
    expect(screen.queryByRole('button', { name: 'Save role' })).toBeNull();
  });

  test('granting more than one has is refused in plain words', async () => {
    open('/settings/roles?open=returns_desk', { 'POST /api/v1/configuration/apply': () => forbidden });
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Everything' }));
    await userEvent.click(await enabled('Save role'));
    expect(await screen.findByRole('alert')).toHaveTextContent(inWords);
    expect(screen.getByRole('checkbox', { name: 'Everything' })).toBeChecked();
  });
});

describe('API tokens', () => {
  test('are listed with expiry and last use', async () => {
    open('/settings/api-tokens');
    const row = (await screen.findByText('old-report')).closest('tr')!;
    expect(row).toHaveTextContent('Never');
    expect(within(row).getByText('Expired')).toBeVisible();
  });

  test('a new token is shown once', async () => {
    const issued = { name: 'erp', token: 'iom_secret', expires_at: '2027-01-01T00:00:00Z' };
    const requests = open('/settings/api-tokens', { 'POST /api/v1/api-tokens': () => issued });
    await userEvent.click(await enabled(/New token/));
    await userEvent.type(screen.getByLabelText('Name'), 'erp');
    await chooseOption('Roles', 'Viewer');
    await chooseOption('Expires after', '30 days');
    await userEvent.click(screen.getByRole('button', { name: 'Create token' }));
    expect(await screen.findByLabelText('Token')).toHaveValue('iom_secret');
    expect(sentTo(requests, 'POST')?.body).toEqual({ name: 'erp', roles: ['viewer'], days: 30 });
    await userEvent.click(screen.getByRole('button', { name: 'I have stored it' }));
    await waitFor(() => expect(screen.queryByLabelText('Token')).toBeNull());
  });

  test('a name in use says that its token is replaced', async () => {
    open('/settings/api-tokens');
    await userEvent.click(await enabled(/New token/));
    await userEvent.type(screen.getByLabelText('Name'), 'erp-export');
    expect(screen.getByText(/It is replaced/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Replace token' })).toBeVisible();
  });

  test('a token is revoked after its use is shown', async () => {
    const requests = open('/settings/api-tokens', { 'DELETE /api/v1/api-tokens/old-report': () => null });
    await userEvent.click(await enabled('Revoke old-report'));
    const text = await screen.findByText(/It has never been used/);
    await waitFor(() => expect(text).toBeVisible());
    await userEvent.click(screen.getByRole('button', { name: 'Revoke token' }));
    expect(await screen.findByText('old-report is revoked')).toBeVisible();
    expect(sentTo(requests, 'DELETE')?.path).toBe('/api/v1/api-tokens/old-report');
  });
});
