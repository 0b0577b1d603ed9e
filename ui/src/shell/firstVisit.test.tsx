import { screen } from '@testing-library/react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { checkOrder } from '@tests/configuration-fixtures.mjs';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { health, shape } from '@tests/inventory-fixtures.mjs';
import type { NewOrder } from '@client/orders';
import { routes } from './routes';

/**
 * A first visit: each page says what belongs there and offers the next step, without data, without providers and without
 * permission. A failing server is tested in allPages.test.tsx, over the same pages.
 */
interface FirstVisit {
  path: string;
  /** The heading of the empty page, or what it says in its place. */
  says: string;
  /** The link or button that leads on. */
  next: string;
  /** The link that leads to providers, of a page that they fill. */
  providers?: string;
  /** The permission that the page requires, in words; empty when everybody may see the page. */
  permission: string;
}

const page = (path: string, says: string, next: string, permission: string, providers?: string): FirstVisit => ({
  path,
  says,
  next,
  permission,
  ...(providers === undefined ? {} : { providers }),
});
const installed = 'View installed providers';
const library = 'Open the library';

const table: FirstVisit[] = [
  page('/', 'All is well', 'Go to sales orders', ''),
  page('/orders', 'No orders yet', installed, 'see orders', installed),
  page('/orders/new', 'Lines', 'Add line', 'see orders'),
  page('/waiting-lines', 'No waiting lines', 'View orders on hold', 'see orders'),
  page('/fulfillment-orders', 'No fulfillment orders yet', 'Go to sales orders', 'see fulfillment'),
  page('/payments', 'No payments yet', 'Go to sales orders', 'see payments'),
  page('/returns', 'No returns yet', 'Go to sales orders', 'see returns'),
  page('/returns/receive', 'Scan or type a number', 'Find', 'see returns'),
  page('/my-work/messages', 'No providers installed', library, 'see providers', library),
  page('/my-work/runs', 'No failed runs', 'View flows', 'see orchestration'),
  page('/inventory', 'No stock yet', installed, 'see inventory', installed),
  page('/inventory/promise', 'Select a product', 'View inventory', 'see inventory'),
  page('/inventory/reservations', 'No reservations', 'Go to sales orders', 'see inventory'),
  page('/inventory/allocations', 'No allocations', 'Allocate', 'see inventory'),
  page('/inventory/supply', 'No supply orders', 'Add supply order', 'see inventory'),
  page('/inventory/feeds', 'No files yet', 'View inventory', 'see inventory'),
  page('/inventory/health', 'No sealed days yet', 'View inventory', 'see inventory'),
  page('/flows', 'No flows yet', installed, 'see orchestration', installed),
  page('/policies', 'No policies yet', 'View flows', 'see policies'),
  page('/providers', 'No providers installed', library, 'see providers', library),
  page('/providers/library', 'The library is empty', installed, 'see providers', installed),
  page('/providers/new', 'Choose a provider', library, 'see providers', library),
  page('/providers/x1', 'This provider is not installed', installed, 'see providers', installed),
  page('/mappings', 'No mappings', 'Add mapping', 'see providers'),
  page('/sources', 'No sources yet', 'New source', 'see sourcing'),
  page('/source-lists', 'No source lists yet', 'New source list', 'see sourcing'),
  page('/constraints', 'No constraints yet', 'New constraint', 'see sourcing'),
  page('/strategies', 'Strategies', 'New strategy', 'see sourcing'),
  page('/notice-templates', 'No templates yet', 'View flows', 'see configuration'),
  page('/calendars', 'No working calendars yet', 'New calendar', 'see configuration'),
  page('/carriers', 'No carriers yet', 'New carrier', 'see configuration'),
  page('/pickup-schedules', 'No pickup schedules yet', 'New pickup schedule', 'see configuration'),
  page('/rate-tables', 'No rate tables yet', 'New rate table', 'see configuration'),
  page('/plans', 'No plans yet', 'Get a quote', 'see sourcing'),
  page('/shadow-prices', 'No shadow prices yet', 'Go to strategies', 'see sourcing'),
  page('/simulations', 'No simulations yet', 'New simulation', 'see sourcing'),
  page('/simulations/new', 'New simulation', 'Demand', 'see sourcing'),
  page('/simulations/compare', 'Select simulations to compare', 'Choose simulations', 'see sourcing'),
  page('/quote', 'Add products to the cart', 'Add line', 'see sourcing'),
  page('/settings/users', 'No users yet', 'New user', 'see administration'),
  page('/settings/roles', 'No roles yet', 'New role', 'see administration'),
  page('/settings/api-tokens', 'No API tokens yet', 'New token', 'see administration'),
  // Pages of one record, of one that does not exist.
  page('/orders/x1', 'There is no such record', 'Sales orders', 'see orders'),
  page('/orders/x1/edit', 'There is no such record', 'Order', 'see orders'),
  page('/fulfillment-orders/x1', 'There is no such record', 'Fulfillment orders', 'see fulfillment'),
  page('/returns/x1', 'There is no such record', 'Returns', 'see returns'),
  page('/flows/x1', 'There is no such record', 'Flows', 'see orchestration'),
  page('/plans/x1', 'There is no such record', 'Plans', 'see sourcing'),
  page('/simulations/x1', 'There is no such record', 'Simulations', 'see sourcing'),
];

const children = routes[0]?.children?.[0]?.children ?? [];
const pages = children.flatMap((route) => (route.path === '*' ? [] : [{ path: `/${route.path ?? ''}`, lazy: route.lazy }]));
const session = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const notFound = new ProblemResponse(404, { detail: 'There is no such record', remedy: 'See the list', status: 404 });
const refused = new ProblemResponse(403, {
  detail: 'dana@fabrikam.example may not do this',
  remedy: 'ask an administrator for the permission orders.read',
  status: 403,
});
const vacant: Record<string, (request: RecordedRequest) => unknown> = {
  'GET /api/v1/session': () => session,
  'GET /api/v1/configuration': () => ({ documents: [] }),
  'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
  'GET /api/v1/returns/counts': () => ({ states: {}, refund_due: 0 }),
  'GET /api/v1/inventory/shape': () => shape,
  'GET /api/v1/inventory/health': () => health,
  'GET /api/v1/sourcing/shadow-prices': () => notFound,
  'GET /api/v1/roles': () => ({ items: [], permissions: ['*'] }),
  'POST /api/v1/orders/check': ({ body }) => checkOrder((body as { order: NewOrder }).order),
};
const otherwise = ({ path }: RecordedRequest): unknown => (path.includes('/x1') ? notFound : { items: [], next: null });

beforeEach(() => {
  sessionStorage.clear();
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

test('every page is in the table', () => {
  const pattern = (path: string): string => path.replaceAll(/:\w+/g, 'x1');
  expect(table.map(({ path }) => path).toSorted()).toEqual(pages.map(({ path }) => pattern(path)).toSorted());
});

describe('without data, the page says what belongs there and offers the next step', () => {
  test.each(table)('$path: $says, $next', async ({ path, says, next }) => {
    mockServer(vacant, otherwise);
    renderRoutes(pages, path);
    expect((await screen.findAllByText(says))[0]).toBeVisible();
    const controls = (await screen.findAllByText(next)).map((element) => element.closest('a, button'));
    expect(controls.some((control) => control !== null)).toBe(true);
    expect(screen.getByRole('heading', { level: 1 })).not.toBeEmptyDOMElement();
    if (says !== 'There is no such record') expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('without providers, the pages that providers fill lead to them', () => {
  test.each(table.filter(({ providers }) => providers !== undefined))('$path: $providers', async ({ path, providers }) => {
    mockServer(vacant, otherwise);
    renderRoutes(pages, path);
    const link = (await screen.findAllByRole('link', { name: providers }))[0];
    expect(link).toHaveAttribute('href', expect.stringMatching(/^\/providers(\/library)?$/));
  });
});

describe('without permission, the page says which one to request', () => {
  test.each(table.filter(({ permission }) => permission !== ''))('$path: $permission', async ({ path, permission }) => {
    const requests = mockServer({ ...vacant, 'GET /api/v1/session': () => ({ ...session, permissions: [] }) }, () => refused);
    renderRoutes(routes, path);
    expect(await screen.findByRole('heading', { name: 'You do not have access to this' })).toBeVisible();
    expect(screen.getByRole('alert')).toHaveTextContent(`Ask an administrator for the permission to ${permission}.`);
    expect(screen.getByRole('link', { name: 'Go to the start page' })).toHaveAttribute('href', '/');
    expect(screen.getByRole('heading', { level: 1 })).not.toBeEmptyDOMElement();
    const known = ['/api/v1/session', '/api/v1/vocabulary', '/api/v1/attention', '/api/v1/live'];
    expect(requests.map((request) => request.path).filter((requested) => !known.includes(requested))).toEqual([]);
  });
});

describe('when the server refuses what a page reads, the page says which permission to request', () => {
  /** Pages that read nothing before the user has chosen something. */
  const quiet = ['/simulations/new', '/quote', '/inventory/promise', '/simulations/compare', '/orders/new'];

  test.each(table.filter(({ path }) => !quiet.includes(path)).map(({ path }) => path))('%s', async (path) => {
    mockServer({ 'GET /api/v1/session': () => session }, () => refused);
    renderRoutes(pages, path);
    const [heading] = await screen.findAllByRole('heading', { name: 'You do not have access to this' });
    expect(heading?.closest('[role=alert]')).toHaveTextContent('Ask an administrator for the permission to see orders.');
  });
});
