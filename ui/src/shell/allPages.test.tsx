import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { shape } from '@tests/inventory-fixtures.mjs';
import { routes } from './routes';

const session = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const pages = (routes[0]?.children?.[0]?.children ?? []).flatMap((route) =>
  route.path === '*' ? [] : [{ path: `/${route.path ?? ''}`, lazy: route.lazy }],
);
const unavailable = new ProblemResponse(503, {
  detail: 'The database is being upgraded',
  remedy: 'Try again in a minute',
  reference: '7f3a9c',
  status: 503,
});

/** The path with example values for its parameters. */
const example = (path: string): string => path.replaceAll(/:\w+/g, 'x1');
const pathsOf = (requests: RecordedRequest[]): string[] => requests.map((request) => `${request.method} ${request.path}`);

beforeEach(() => vi.spyOn(console, 'error').mockImplementation(() => undefined));

test('all pages of the application are covered', () => {
  expect(pages).toHaveLength(37);
});

describe('when the server is not available, the page explains why and can be retried', () => {
  /** Pages that request nothing before the user has chosen something. */
  const withoutRequests = ['/simulations/new', '/quote', '/inventory/promise', '/simulations/compare'];

  test.each(pages.filter(({ path }) => !withoutRequests.includes(path)).map(({ path }) => path))('%s', async (path) => {
    let available = false;
    const requests = mockServer({ 'GET /api/v1/session': () => session }, () =>
      available ? new ProblemResponse(404, { detail: 'Not found', status: 404 }) : unavailable,
    );
    renderRoutes(pages, example(path));
    const [problem] = await screen.findAllByText('The database is being upgraded');
    const alert = problem!.closest('[role=alert]');
    expect(alert).toHaveTextContent('Try again in a minute');
    expect(alert).toHaveTextContent('Reference: 7f3a9c');
    expect(screen.getByRole('heading', { level: 1 })).not.toBeEmptyDOMElement();
    const before = pathsOf(requests).length;
    available = true;
    await userEvent.click(screen.getAllByRole('button', { name: 'Try again' })[0]!);
    await waitFor(() => expect(pathsOf(requests).length).toBeGreaterThan(before));
  });
});

describe('without data, the page has a title and leads to the next step', () => {
  const empty: Record<string, (request: RecordedRequest) => unknown> = {
    'GET /api/v1/session': () => session,
    'GET /api/v1/configuration': () => ({ documents: [] }),
    'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
    'GET /api/v1/inventory/shape': () => shape,
  };

  test.each<[string, string, string]>([
    ['/', 'All is well', 'Go to sales orders'],
    ['/orders', 'No orders yet', 'View installed providers'],
    ['/waiting-lines', 'No waiting lines', 'View orders on hold'],
    ['/fulfillment-orders', 'No fulfillment orders yet', 'Go to sales orders'],
    ['/my-work/messages', 'No parked messages', 'Go to sales orders'],
    ['/my-work/runs', 'No failed runs', 'View flows'],
    ['/inventory', 'No stock yet', 'View installed providers'],
    ['/inventory/promise', 'Select a product', 'View inventory'],
    ['/inventory/reservations', 'No reservations', 'Go to sales orders'],
    ['/providers', 'No providers installed', 'Open the library'],
    ['/plans', 'No plans yet', 'Get a quote'],
    ['/simulations', 'No simulations yet', 'New simulation'],
    ['/simulations/compare', 'Select simulations to compare', 'Choose simulations'],
    ['/source-lists', 'No source lists yet', 'New source list'],
    ['/constraints', 'No constraints yet', 'New constraint'],
    ['/calendars', 'No working calendars yet', 'New calendar'],
    ['/carriers', 'No carriers yet', 'New carrier'],
    ['/pickup-schedules', 'No pickup schedules yet', 'New pickup schedule'],
    ['/rate-tables', 'No rate tables yet', 'New rate table'],
  ])('%s: %s, %s', async (path, title, action) => {
    mockServer(empty, () => ({ items: [], next: null }));
    renderRoutes(pages, path);
    expect(await screen.findByRole('heading', { name: title })).toBeVisible();
    const controls = screen.getAllByText(action).map((element) => element.closest('a, button'));
    expect(controls.every((control) => control !== null)).toBe(true);
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
