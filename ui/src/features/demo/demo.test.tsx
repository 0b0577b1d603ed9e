import { useQuery } from '@tanstack/react-query';
import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import type { Demo } from '@client/demo';
import { useLocation } from 'react-router';
import DemoPanel from './DemoPanel';

const EMAIL = 'dana@fabrikam.example';
const running: Demo = {
  three_pl_is_down: false,
  orders_per_minute: 4,
  placed: 12,
  storefront_url: 'http://localhost:4001/shop',
  storefront_order: null,
  order_of_storefront: null,
  done: [],
  order_in_process: 'o-9',
  completed_order: 'o-1',
};

/** A page that reads what the pages of the product read: an order, a search of orders. */
function Pages() {
  const { pathname, search } = useLocation();
  const address = new URLSearchParams(search).get('search') ?? '';
  useQuery({
    queryKey: ['order', 'o-9'],
    queryFn: () => ({ state: 'fulfillment_in_process' }),
    enabled: pathname === '/orders/o-9',
    staleTime: Infinity,
  });
  useQuery({ queryKey: ['orders', 'list', { search: address }], queryFn: () => ({ items: [{ id: 'o-9' }] }) });
  return (
    <>
      <p>{`${pathname}${search}`}</p>
      <details>
        <summary>Sourcing decision</summary>
      </details>
    </>
  );
}

/** `decided` is null before the user has opened or closed the panel. */
function Site({ decided }: { decided: boolean | null }) {
  const [open, setOpen] = useState(decided ?? undefined);
  return (
    <>
      <button type="button" id="demo-button" onClick={() => setOpen(true)}>
        Demo
      </button>
      <DemoPanel email={EMAIL} open={open} onOpen={() => setOpen(true)} onClose={() => setOpen(false)} />
      <Pages />
    </>
  );
}

/** Render the panel over a server whose answers to `/api/v1/demo/…` are in `replies`. */
function openPanel(demo: () => Demo, replies: Record<string, unknown> = {}, decided: boolean | null = true) {
  const sent = mockServer({}, ({ method, path }: RecordedRequest) => {
    const route = path.replace('/api/v1/demo', '');
    if (route === '') return demo();
    return replies[`${method} ${route}`] ?? null;
  });
  const site = renderRoutes([{ path: '*', Component: () => <Site decided={decided} /> }], '/');
  return { sent, ...site };
}

const doneSteps = (): string[] =>
  [...document.querySelectorAll('li')]
    .filter((item) => item.querySelector('[role=img][aria-label=Done]') !== null)
    .map((item) => item.querySelector('a, strong')?.textContent ?? '');

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
});

describe('the controls', () => {
  test('break the 3PL and fix it, which ticks the step of the tour', async () => {
    let isDown = false;
    const { sent } = openPanel(() => ({ ...running, three_pl_is_down: isDown }));
    await screen.findByText('About 4 new orders arrive per minute. The 3PL works.');

    isDown = true;
    await userEvent.click(screen.getByText('Break the 3PL'));
    await screen.findByText('About 4 new orders arrive per minute. The 3PL does not respond.');
    expect(screen.getByRole('status')).toHaveTextContent('Orders wait for it, and none is lost.');
    expect(doneSteps()).toEqual([]);

    isDown = false;
    await userEvent.click(screen.getByText('Fix the 3PL'));
    await screen.findByText('Break the 3PL');
    expect(doneSteps()).toEqual(['Break the 3PL, then fix it']);
    expect(sent.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
      '/api/v1/demo/3pl/break',
      '/api/v1/demo/3pl/repair',
    ]);
  });

  test('place and cancel orders in the store, and lead to them', async () => {
    const { sent } = openPanel(() => running, {
      'POST /orders': { numbers: ['20', '29'], sku: 'HALL-MIRROR-20' },
      'POST /orders/cancel': { number: '31' },
    });
    const expectResult = async (label: string, says: RegExp, path: string): Promise<void> => {
      await userEvent.click(await screen.findByText(label));
      await screen.findByText(says);
      expect(document.querySelector('.demo-result a')).toHaveAttribute('href', path);
    };
    await expectResult('Send ten orders', /^Ten orders .* 20 to 29\./, '/orders');
    await expectResult('Send an unknown product', /^Order 20 contains HALL-MIRROR-20/, '/my-work/messages');
    await expectResult('Cancel an order in the store', /^Order 31 was canceled/, '/orders?search=31');
    await userEvent.click(screen.getByText('Pause new orders'));
    await screen.findByText(/^No new orders arrive until/);
    expect(sent.filter(({ method }) => method !== 'GET').map(({ body }) => body)).toEqual([
      { count: 10 },
      { unknown_product: true },
      undefined,
      { orders_per_minute: 0 },
    ]);
  });

  test('show what a refused action says', async () => {
    openPanel(() => running, { 'POST /orders/cancel': new ProblemResponse(403, { detail: 'dana may not do this', status: 403 }) });
    await userEvent.click(await screen.findByText('Cancel an order in the store'));
    expect(await screen.findByRole('alert')).toHaveTextContent('dana may not do this');
  });
});

describe('the tour', () => {
  test('ticks what the server knows, and remembers what was done in this browser', async () => {
    const { router, queries } = openPanel(() => ({ ...running, done: ['order_by_hand', 'later_step'] }));
    await screen.findByText('1 of 13 done');
    expect(doneSteps()).toEqual(['Enter an order by hand']);

    await userEvent.click(screen.getByText('Watch an order ship'));
    await screen.findByText('/orders/o-9');
    await waitFor(() => expect(queries.getQueryData(['order', 'o-9'])).toBeDefined());
    expect(doneSteps()).toEqual(['Enter an order by hand']);
    act(() => void queries.setQueryData(['order', 'o-9'], { state: 'completed' }));
    await screen.findByText('2 of 13 done');

    await router.navigate('/orders?search=lindt@');
    await screen.findByText('3 of 13 done');
    const decision = screen.getByText('Sourcing decision').closest('details')!;
    decision.open = true;
    decision.dispatchEvent(new Event('toggle'));
    await screen.findByText('4 of 13 done');
    expect(JSON.parse(localStorage.getItem(`openiom.demo.tour.${EMAIL}`) ?? '')).toEqual([
      'watch_order',
      'find_by_email',
      'sourcing_decision',
    ]);
  });

  test('leads to the storefront, and to the order that was placed there', async () => {
    openPanel(() => ({ ...running, storefront_order: 131, order_of_storefront: 'o-131' }));
    await screen.findByText('1 of 13 done');
    expect(doneSteps()).toEqual(['Place an order in the store, opens in a new tab']);
    const storefront = screen.getByRole('link', { name: /^Place an order in the store/ });
    expect(storefront).toHaveAttribute('href', 'http://localhost:4001/shop');
    expect(screen.getByRole('link', { name: 'Watch an order ship' })).toHaveAttribute('href', '/orders/o-131');
  });

  test('an order that has shipped before it was opened was not watched', async () => {
    const { queries } = openPanel(() => running);
    await screen.findByText('0 of 13 done');
    act(() => void queries.setQueryData(['order', 'o-9'], { state: 'completed' }));
    await userEvent.click(screen.getByText('Watch an order ship'));
    await screen.findByText('/orders/o-9');
    expect(screen.getByText('0 of 13 done')).toBeInTheDocument();
  });

  test('opens itself on the first visit to a store with orders, is closed, and is opened with the focus on it', async () => {
    openPanel(() => running, {}, null);
    const panel = await screen.findByRole('complementary', { name: 'Demo' });
    await userEvent.click(within(panel).getByRole('button', { name: 'Close the demo panel' }));
    expect(screen.queryByRole('complementary')).toBeNull();
    await userEvent.click(screen.getByText('Demo', { selector: '#demo-button' }));
    expect(await screen.findByRole('heading', { name: 'Demo' })).toHaveFocus();
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('complementary')).toBeNull();
  });

  test('remains closed on the first visit to a store without orders', async () => {
    const { sent } = openPanel(() => ({ ...running, orders_per_minute: 0 }), {}, null);
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(screen.queryByRole('complementary')).toBeNull();
  });
});
