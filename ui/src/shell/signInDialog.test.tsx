import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test } from 'vitest';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { routes } from './routes';

const dana = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const expired = new ProblemResponse(401, { detail: 'this session is unknown or has expired', status: 401 });
const order = {
  id: '1',
  number: '118',
  sources: [],
  currency: 'USD',
  total_amount: '1.00',
  line_count: 1,
  state: 'new',
  state_reason: '',
  tags: [],
};

const expiredTitle = 'Your session has expired';

describe('an expired session', () => {
  let signedIn = true;
  let user = dana;
  let sent: RecordedRequest[] = [];
  beforeEach(() => {
    signedIn = true;
    user = dana;
    const guarded = (reply: () => unknown) => () => (signedIn ? reply() : expired);
    sent = mockServer({
      'GET /api/v1/session': () => dana,
      'POST /api/v1/session': ({ body }) => {
        if ((body as { password: string }).password === 'wrong')
          return new ProblemResponse(401, { detail: 'incorrect password', status: 401 });
        signedIn = true;
        return user;
      },
      'GET /api/v1/orders': guarded(() => ({ items: [order], next: null })),
      'GET /api/v1/orders/counts': guarded(() => ({ states: {}, manual_hold: 0, failed: 0 })),
      'POST /api/v1/orders/hold': guarded(() => ({ results: [{ id: '1', ok: true, reason: '' }] })),
    });
  });

  const requests = (method: string, path: string) => sent.filter((request) => request.method === method && request.path === path);

  async function failHold(): Promise<HTMLElement> {
    renderRoutes(routes, '/orders');
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Select 118' }));
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    await userEvent.type(await screen.findByLabelText('Reason'), 'Address is wrong');
    signedIn = false;
    await userEvent.click(screen.getByRole('button', { name: 'Hold 1 order' }));
    // In tests, all dialogs share one id of their titles, so that the name of a second one is not its own.
    const title = await screen.findByText(expiredTitle);
    return title.closest<HTMLElement>('[role=dialog]') ?? title;
  }

  test('is renewed in place: what was typed is kept and the request is repeated once', async () => {
    const dialog = await failHold();
    expect(screen.getByLabelText('Reason')).toHaveValue('Address is wrong');
    expect(within(dialog).getByLabelText('Email')).toHaveValue('dana@fabrikam.example');
    await userEvent.type(within(dialog).getByLabelText('Password'), 'wrong{Enter}');
    expect(await within(dialog).findByText('incorrect password')).toBeVisible();
    await userEvent.clear(within(dialog).getByLabelText('Password'));
    await userEvent.type(within(dialog).getByLabelText('Password'), 'right{Enter}');

    expect(await screen.findByText(/done/)).toHaveTextContent('1 done.');
    expect(requests('POST', '/api/v1/orders/hold').map((request) => request.body)).toEqual([
      { ids: ['1'], reason: 'Address is wrong' },
      { ids: ['1'], reason: 'Address is wrong' },
    ]);
    await waitFor(() => expect(screen.queryByText(expiredTitle)).toBeNull());
  });

  test('leads to the sign-in page when the dialog is closed', async () => {
    const dialog = await failHold();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
    expect(requests('POST', '/api/v1/orders/hold')).toHaveLength(1);
  });

  test('of another user reloads what is shown', async () => {
    const dialog = await failHold();
    user = { ...dana, email: 'kim@fabrikam.example' };
    const before = requests('GET', '/api/v1/orders').length;
    await userEvent.type(within(dialog).getByLabelText('Password'), 'right{Enter}');
    await waitFor(() => expect(requests('GET', '/api/v1/orders').length).toBeGreaterThan(before));
  });
});

describe('the focus', () => {
  test('returns to the button that opened a dialog', async () => {
    mockServer({
      'GET /api/v1/session': () => dana,
      'GET /api/v1/orders': () => ({ items: [order], next: null }),
      'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
    });
    renderRoutes(routes, '/orders');
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Select 118' }));
    const hold = screen.getByRole('button', { name: 'Hold' });
    await userEvent.click(hold);
    await userEvent.type(await screen.findByLabelText('Reason'), 'x');
    await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(hold).toHaveFocus());
  });

  test('returns after the list of shortcuts', async () => {
    mockServer({ 'GET /api/v1/session': () => dana, 'GET /api/v1/orders': () => ({ items: [order], next: null }) });
    renderRoutes(routes, '/orders');
    const button = await screen.findByRole('button', { name: 'Switch to dark' });
    button.focus();
    await userEvent.keyboard('?');
    const dialog = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    await userEvent.click(within(dialog).getByRole('checkbox', { name: 'Use shortcuts of a single key' }));
    await userEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    await waitFor(() => expect(button).toHaveFocus());
    await userEvent.keyboard('?');
    expect(screen.queryByRole('dialog')).toBeNull();
    localStorage.removeItem('openiom.shortcuts');
  });
});
