import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mockServer, renderRoutes } from '@tests/harness';
import { areaOf, navigationGroups } from './navigationItems';
import { routes } from './routes';
import { badgesOf } from './useAttention';

const session = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const empty = { items: [], next: null };
const calm = { outages: [], orders: 0, parked_messages: 0, failed_runs: 0, limit: 10_000 };
const outage = {
  instance: 'fabrikam-3pl',
  title: 'Fabrikam 3PL',
  since: new Date(new Date().setHours(15, 23, 0, 0)).toISOString(),
  error: 'no answer',
  calls: 140,
  orders: 132,
};
const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' }).format(new Date(outage.since));

class FakeStream extends EventTarget {
  static readonly CLOSED = 2;
  static last: FakeStream;
  constructor() {
    super();
    FakeStream.last = this;
  }
  close(): void {
    return undefined;
  }
  sendAttention(): void {
    const change = { name: 'attention.changed', root_id: '', subject_type: 'attention', subject_id: '', at: outage.since };
    this.dispatchEvent(new MessageEvent('change', { data: JSON.stringify({ events: [change] }) }));
  }
}

function company(attention: () => unknown): ReturnType<typeof mockServer> {
  return mockServer(
    {
      'GET /api/v1/session': () => session,
      'GET /api/v1/attention': attention,
      'GET /api/v1/orders/counts': () => ({ states: {}, manual_hold: 0, failed: 0 }),
    },
    () => empty,
  );
}

beforeEach(() => void vi.stubGlobal('EventSource', FakeStream));

describe('an outage', () => {
  test('names the provider, since when it is down and what waits, and leads to the orders', async () => {
    company(() => ({ ...calm, outages: [outage] }));
    renderRoutes(routes, '/flows');
    const banner = await screen.findByRole('alert', { name: 'Providers that are down' });
    expect(banner).toHaveTextContent(`Fabrikam 3PL is down since ${time}`);
    expect(banner).toHaveTextContent('132 orders wait, 140 calls');
    expect(within(banner).getByRole('link', { name: 'View waiting orders' })).toHaveAttribute('href', '/orders?waiting_for=fabrikam-3pl');
    expect(within(banner).getByRole('link', { name: 'Open connection' })).toHaveAttribute('href', '/providers/fabrikam-3pl');
  });

  test.each([
    [{ calls: 0, orders: 0 }, 'No order waits for it yet'],
    [{ calls: 1, orders: 1 }, '1 order waits'],
    [{ calls: 10_000, orders: 9_700 }, 'At least 9,700 orders wait, 10,000 calls'],
  ])('with %j: %s', async (waiting, text) => {
    company(() => ({ ...calm, outages: [{ ...outage, ...waiting }] }));
    renderRoutes(routes, '/flows');
    expect(await screen.findByRole('alert', { name: 'Providers that are down' })).toHaveTextContent(text);
  });

  test('of many providers names three', async () => {
    const many = ['A', 'B', 'C', 'D', 'E'].map((title) => ({ ...outage, instance: title, title }));
    company(() => ({ ...calm, outages: many }));
    renderRoutes(routes, '/flows');
    const banner = await screen.findByRole('alert', { name: 'Providers that are down' });
    expect(within(banner).getAllByRole('listitem')).toHaveLength(4);
    expect(banner).toHaveTextContent('2 more providers are down');
  });

  test('appears and disappears when the live stream reports a change', async () => {
    let attention = calm as object;
    const requests = company(() => attention);
    renderRoutes(routes, '/orders');
    await screen.findByRole('heading', { name: 'Sales orders' });
    await waitFor(() => expect(requests.some(({ path }) => path === '/api/v1/attention')).toBe(true));
    expect(screen.queryByRole('alert', { name: 'Providers that are down' })).toBeNull();

    attention = { ...calm, outages: [outage] };
    act(() => FakeStream.last.sendAttention());
    expect(await screen.findByRole('alert', { name: 'Providers that are down' })).toBeVisible();
    attention = calm;
    act(() => FakeStream.last.sendAttention());
    await waitFor(() => expect(screen.queryByRole('alert', { name: 'Providers that are down' })).toBeNull());
  });
});

describe('the badges of the navigation', () => {
  test('count orders on hold and blocked ones, parked messages, failed runs and outages', () => {
    const badges = badgesOf({ outages: [outage], orders: 3, parked_messages: 10_000, failed_runs: 0, limit: 10_000 });
    expect(Object.fromEntries(badges)).toEqual({
      '/orders': { count: 135, says: 'need attention', isCapped: false },
      '/my-work/messages': { count: 10_000, says: 'parked', isCapped: true },
      '/providers': { count: 1, says: 'down', isCapped: false },
    });
    expect(badgesOf(undefined).size).toBe(0);
    expect(badgesOf({ outages: [], orders: null, parked_messages: null, failed_runs: null, limit: 10 }).size).toBe(0);
  });

  test('are part of the names of the links, and a closed area shows their sum', async () => {
    company(() => ({ ...calm, outages: [outage], parked_messages: 2 }));
    renderRoutes(routes, '/orders');
    expect(await screen.findByRole('link', { name: /^Parked messages ?2$/ })).toBeInTheDocument();
    expect(screen.getByRole('link', { name: /^Sales orders ?132$/ })).toBeInTheDocument();
    expect(screen.getByRole('button', { name: /^Providers ?1$/ })).toHaveAttribute('aria-expanded', 'false');
    await userEvent.click(screen.getByRole('button', { name: 'My work' }));
    expect(screen.getByRole('button', { name: /^My work ?2$/ })).toBeInTheDocument();
  });
});

describe('the areas of the navigation', () => {
  test('are opened and closed, which is stored on the device', async () => {
    company(() => calm);
    renderRoutes(routes, '/orders');
    const area = await screen.findByRole('button', { name: 'Logistics' });
    expect(screen.queryByRole('link', { name: 'Carriers' })).toBeNull();
    await userEvent.click(area);
    expect(screen.getByRole('link', { name: 'Carriers' })).toBeInTheDocument();
    expect(JSON.parse(localStorage.getItem('openiom.navigation.areas') ?? '')).toEqual({ Logistics: true });
    await userEvent.click(area);
    expect(screen.queryByRole('link', { name: 'Carriers' })).toBeNull();
  });

  test('open where the user goes, and scroll to the current page', async () => {
    localStorage.setItem('openiom.navigation.areas', JSON.stringify({ Orders: false }));
    const scrolled: (string | null)[] = [];
    vi.spyOn(Element.prototype, 'scrollIntoView').mockImplementation(function (this: Element) {
      scrolled.push(this.getAttribute('href'));
    });
    company(() => calm);
    const { router } = renderRoutes(routes, '/orders');
    expect(await screen.findByRole('link', { name: 'Sales orders', current: 'page' })).toBeInTheDocument();
    await act(() => router.navigate('/carriers'));
    expect(await screen.findByRole('link', { name: 'Carriers', current: 'page' })).toBeInTheDocument();
    await waitFor(() => expect(scrolled.at(-1)).toBe('/carriers'));
  });

  test('name the way to a page', async () => {
    company(() => calm);
    renderRoutes(routes, '/carriers');
    expect(await screen.findByRole('navigation', { name: 'Breadcrumb' })).toHaveTextContent('Logistics');
  });

  test.each([
    ['/orders', 'Orders'],
    ['/orders/7', 'Orders'],
    ['/providers/library', 'Providers'],
    ['/inventory/health', 'Inventory'],
    ['/rate-tables', 'Logistics'],
    ['/ordersx', undefined],
  ])('%s belongs to %s', (path, title) => {
    expect(areaOf(path)?.title).toBe(title);
  });

  test('three of them are open at first', () => {
    expect(navigationGroups.filter((area) => area.openByDefault).map((area) => area.title)).toEqual(['My work', 'Orders', 'Inventory']);
  });
});
