import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test } from 'vitest';
import { applyServerVocabulary, stateLabel } from '@vocabulary';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import CommandPalette from './CommandPalette';
import { allPages, hasPermission, navigationGroups } from './navigationItems';
import { routes } from './routes';

const manager = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const empty = { items: [], next: null };

function company(replies: Record<string, (request: RecordedRequest) => unknown> = {}): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/session': () => manager,
    'GET /api/v1/orders': () => empty,
    'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
    'GET /api/v1/flows': () => ({ items: [] }),
    'GET /api/v1/provider-instances': () => empty,
    'GET /api/v1/sources': () => empty,
    ...replies,
  });
}

function Palette() {
  return <CommandPalette permissions={['*']} onSignOut={() => undefined} onShortcuts={() => undefined} onClose={() => undefined} />;
}

afterEach(() => applyServerVocabulary(null));

describe('the session', () => {
  test('an incorrect password is reported and the email is kept', async () => {
    company({
      'GET /api/v1/session': () => null,
      'POST /api/v1/session': () => new ProblemResponse(401, { detail: 'Incorrect e-mail or password', status: 401 }),
    });
    renderRoutes(routes, '/orders');
    await userEvent.type(await screen.findByLabelText('Email'), 'dana@fabrikam.example');
    await userEvent.type(screen.getByLabelText('Password'), 'wrong');
    await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Incorrect e-mail or password');
    expect(screen.getByLabelText('Email')).toHaveValue('dana@fabrikam.example');
  });

  test('an unavailable server is reported and can be retried', async () => {
    let fails = true;
    company({ 'GET /api/v1/session': () => (fails ? new ProblemResponse(503, { detail: 'Maintenance', status: 503 }) : manager) });
    renderRoutes(routes, '/orders');
    await screen.findByText('Maintenance');
    fails = false;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { name: 'Sales orders' })).toBeInTheDocument();
  });

  test('signing out leads to the sign-in form and ends the session', async () => {
    const requests = company({ 'DELETE /api/v1/session': () => null });
    renderRoutes(routes, '/orders');
    await userEvent.click(await screen.findByRole('button', { name: /account of Dana Whitaker/ }));
    await userEvent.click(await screen.findByText('Sign out'));
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeInTheDocument();
    expect(requests.some((request) => request.method === 'DELETE' && request.path === '/api/v1/session')).toBe(true);
  });

  test('the vocabulary of the server is loaded before the first page', async () => {
    company({ 'GET /api/v1/vocabulary': () => ({ states: { new: 'Just placed' } }) });
    renderRoutes(routes, '/orders');
    expect(await screen.findByRole('button', { name: /Just placed/ })).toBeInTheDocument();
    expect(stateLabel('new')).toBe('Just placed');
  });

  test('a server without a vocabulary is no problem', async () => {
    company({ 'GET /api/v1/vocabulary': () => new ProblemResponse(500, { detail: 'failed' }) });
    renderRoutes(routes, '/orders');
    expect(await screen.findByRole('heading', { name: 'Sales orders' })).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('navigation', () => {
  test('the current page is marked', async () => {
    company();
    renderRoutes(routes, '/orders');
    const navigation = await screen.findByRole('navigation', { name: 'Areas' });
    expect(within(navigation).getByRole('link', { name: 'Sales orders' })).toHaveAttribute('aria-current', 'page');
    expect(within(navigation).getByRole('link', { name: 'Waiting lines' })).not.toHaveAttribute('aria-current');
  });

  test('it is collapsed and the choice is stored on the device', async () => {
    company();
    renderRoutes(routes, '/orders');
    await userEvent.click(await screen.findByRole('button', { name: 'Collapse navigation' }));
    expect(screen.getByRole('button', { name: 'Expand navigation' })).toHaveAttribute('aria-expanded', 'false');
    expect(localStorage.getItem('openiom.navigation')).toBe('folded');
  });

  test('an unknown address leads to the orders', async () => {
    company();
    renderRoutes(routes, '/unknown');
    expect(await screen.findByText('This page does not exist')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Go to sales orders' })).toHaveAttribute('href', '/orders');
  });

  test('the density is changed and stored on the device', async () => {
    company();
    renderRoutes(routes, '/orders');
    await userEvent.click(await screen.findByRole('button', { name: 'Switch to compact rows' }));
    expect(document.documentElement).toHaveAttribute('data-density', 'compact');
    expect(localStorage.getItem('openiom.density')).toBe('compact');
  });

  test('every page has a title, keywords and a permission', () => {
    for (const page of allPages) {
      expect(page.title).not.toBe('');
      expect(page.keywords).not.toBe('');
      expect(page.permission).toMatch(/^([a-z_]+\.read)?$/);
    }
    expect(navigationGroups.every((group) => group.pages.length > 0)).toBe(true);
  });

  test.each([
    [['*'], 'orders.read', true],
    [['orders.read'], 'orders.read', true],
    [['orders.read'], 'policies.read', false],
    [[], 'orders.read', false],
  ])('the permissions %j include %s: %s', (permissions, permission, expected) => {
    expect(hasPermission(permissions, permission)).toBe(expected);
  });
});

describe('the command palette', () => {
  async function openPalette(): Promise<HTMLElement> {
    await screen.findByRole('heading', { name: 'Sales orders' });
    await userEvent.keyboard('{Control>}k{/Control}');
    return screen.findByRole('combobox', { name: /Find a record/ });
  }

  test('pages are found by title and keywords', async () => {
    company({ 'GET /api/v1/search': () => ({ items: [] }) });
    const { router } = renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), 'backorders');
    const option = await screen.findByRole('option', { name: /Waiting lines/ });
    await userEvent.click(option);
    await waitFor(() => expect(router.state.location.pathname).toBe('/waiting-lines'));
  });

  test('arrow keys move between results', async () => {
    company({ 'GET /api/v1/search': () => ({ items: [] }) });
    renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), 'orders');
    const [first, second] = await screen.findAllByRole('option');
    expect(first).toHaveAttribute('aria-selected', 'true');
    await userEvent.keyboard('{ArrowDown}');
    expect(second).toHaveAttribute('aria-selected', 'true');
    await userEvent.keyboard('{ArrowUp}{ArrowUp}');
    expect((await screen.findAllByRole('option')).at(-1)).toHaveAttribute('aria-selected', 'true');
  });

  test('a search without results explains what can be found', async () => {
    company({ 'GET /api/v1/search': () => ({ items: [] }) });
    renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), 'zzz');
    expect(await screen.findByText(/Nothing found for “zzz”/)).toBeInTheDocument();
  });

  test('a failed search is reported', async () => {
    company({ 'GET /api/v1/search': () => new ProblemResponse(500, { detail: 'Search is not available' }) });
    renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), '118');
    expect(await screen.findByRole('alert')).toHaveTextContent('Search is not available');
  });

  test('records are grouped by what matched', async () => {
    const hit = (kind: string, label: string) => ({ kind, label, detail: 'Order 118', path: `/orders/${label}` });
    company({
      'GET /api/v1/search': () => ({ items: [hit('order', '118'), hit('email', 'a118@x.org'), hit('tracking_number', '1Z118')] }),
    });
    const { router } = renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), '118');
    expect(await screen.findByRole('group', { name: 'Orders by email' })).toHaveTextContent('a118@x.org');
    expect(screen.getByRole('group', { name: 'Fulfillment orders by tracking number' })).toHaveTextContent('1Z118');
    await userEvent.click(screen.getByRole('option', { name: /All orders with “118”/ }));
    await waitFor(() => expect(router.state.location.search).toBe('?search=118'));
  });

  test('only the last text is searched', async () => {
    const sent = company({ 'GET /api/v1/search': () => ({ items: [] }) });
    renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), 'lind');
    expect(await screen.findByText(/Nothing found for “lind”/)).toBeInTheDocument();
    expect(sent.filter((request) => request.path === '/api/v1/search').map((request) => request.query.get('q'))).toEqual(['lind']);
  });

  test('actions are run', async () => {
    company({ 'GET /api/v1/search': () => ({ items: [] }) });
    renderRoutes(routes, '/orders');
    await userEvent.type(await openPalette(), 'compact');
    await userEvent.click(await screen.findByRole('option', { name: /Switch to compact rows/ }));
    expect(document.documentElement).toHaveAttribute('data-density', 'compact');
    await userEvent.keyboard('{Control>}k{/Control}');
    await userEvent.type(await screen.findByRole('combobox'), 'help');
    await userEvent.click(await screen.findByRole('option', { name: /Keyboard shortcuts/ }));
    expect(await screen.findByText('Use shortcuts of a single key')).toBeInTheDocument();
  });

  test('the order in view is put on hold', async () => {
    const id = '0198c1f2-5a00-7000-8000-000000000001';
    const allowed = { allowed: true, reason: '' };
    const order = {
      id,
      number: '118',
      lines: [],
      progress: [],
      actions: { hold: allowed, release: { allowed: false, reason: 'the order is not on manual hold' }, cancel: allowed, recall: allowed },
    };
    const sent = company({
      'GET /api/v1/search': () => ({ items: [] }),
      [`GET /api/v1/orders/${id}`]: () => order,
      'POST /api/v1/orders/hold': () => ({ results: [{ id, ok: true, reason: '' }] }),
    });
    const { router } = renderRoutes([{ path: '*', element: <Palette /> }], `/orders/${id}`);
    await userEvent.type(await screen.findByRole('combobox'), 'order 118');
    expect(await screen.findByRole('option', { name: /Release order 118/ })).toHaveTextContent('the order is not on manual hold');
    expect(screen.getByRole('option', { name: /Release order 118/ })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(screen.getByRole('option', { name: /Hold order 118/ }));
    await userEvent.type(await screen.findByLabelText('Reason'), 'Recount');
    await userEvent.click(screen.getByRole('button', { name: 'Hold 1 order' }));
    await waitFor(() => expect(sent.find((request) => request.method === 'POST')?.body).toEqual({ ids: [id], reason: 'Recount' }));
    expect(router.state.location.pathname).toBe(`/orders/${id}`);
  });

  test('only permitted pages are offered', async () => {
    company({ 'GET /api/v1/session': () => ({ ...manager, permissions: ['orders.read'] }) });
    renderRoutes(routes, '/orders');
    await openPalette();
    expect(screen.getByRole('option', { name: /Sales orders/ })).toBeInTheDocument();
    expect(screen.queryByRole('option', { name: /Policies/ })).toBeNull();
  });
});
