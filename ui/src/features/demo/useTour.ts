import { isAttentionChange } from '@client/attention';
import { type Demo, demoKey, getDemo } from '@client/demo';
import { type Change, useLive } from '@client/live';
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { tourSteps } from './tourSteps';

const STORAGE_KEY = 'openiom.demo.tour';
const POLL_MS = 20_000;
const shippedStates = new Set(['partially_shipped', 'shipped', 'delivered', 'completed']);
const relevantEvents = new Set([
  'order.created',
  'order.sent_to_fulfillment',
  'order.shipped',
  'order.hold_released',
  'order.changed',
  'payment.refunded',
  'return_order.requested',
  'inventory.received',
]);

const isRelevant = (change: Change): boolean => isAttentionChange(change) || relevantEvents.has(change.name);
interface SeenQuery {
  queryKey: readonly unknown[];
  state: { data: unknown };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function storedSteps(storageKey: string): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return new Set(Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : []);
  } catch {
    return new Set();
  }
}

/** Whether the query is a search for an e-mail address, in the order list or in the palette, that found something. */
function foundByEmail({ queryKey, state }: SeenQuery): boolean {
  const [kind, what, filters] = queryKey;
  const text = kind === 'search' ? what : kind === 'orders' && what === 'list' && isRecord(filters) ? filters.search : undefined;
  if (typeof text !== 'string' || !text.includes('@')) return false;
  const rows = isRecord(state.data) ? state.data.items : state.data;
  return Array.isArray(rows) && rows.length > 0;
}

/** Records when an order ships while its page is open; `unshipped` are the orders that were open before. */
function sawItShip({ queryKey, state }: SeenQuery, unshipped: Set<string>): boolean {
  const [kind, id, part] = queryKey;
  if (kind !== 'order' || typeof id !== 'string' || part !== undefined || !isRecord(state.data)) return false;
  if (typeof state.data.state !== 'string') return false;
  if (shippedStates.has(state.data.state)) return unshipped.has(id);
  unshipped.add(id);
  return false;
}

/** Whether an opened element is the sourcing decision of an order. */
function isSourcingDecision({ target }: Event): boolean {
  if (!(target instanceof HTMLDetailsElement) || !target.open) return false;
  return target.querySelector('summary')?.textContent.startsWith('Sourcing decision') ?? false;
}

export interface Tour {
  done: ReadonlySet<string>;
  demo: UseQueryResult<Demo>;
  tick: (step: string) => void;
}

/**
 * The steps of the tour that a user has done: what the server knows, and what the user does in this browser, which remembers
 * it.
 */
export function useTour(email: string): Tour {
  const queryClient = useQueryClient();
  const storageKey = `${STORAGE_KEY}.${email}`;
  const [seen, setSeen] = useState(() => storedSteps(storageKey));
  const demo = useQuery({ queryKey: demoKey, queryFn: getDemo, refetchInterval: POLL_MS, retry: false });
  useLive((changes) => {
    if (changes.some(isRelevant)) void queryClient.invalidateQueries({ queryKey: demoKey });
  });

  const tick = useCallback(
    (step: string): void => {
      setSeen((before) => {
        if (before.has(step)) return before;
        const after = new Set([...before, step]);
        localStorage.setItem(storageKey, JSON.stringify([...after]));
        return after;
      });
    },
    [storageKey],
  );

  useEffect(() => {
    const unshipped = new Set<string>();
    const onToggle = (event: Event): void => {
      if (isSourcingDecision(event)) tick('sourcing_decision');
    };
    const unsubscribe = queryClient.getQueryCache().subscribe(({ type, query }) => {
      if (type !== 'updated' || !query.isActive()) return;
      if (foundByEmail(query)) tick('find_by_email');
      if (sawItShip(query, unshipped)) tick('watch_order');
    });
    // A toggle event does not bubble.
    document.addEventListener('toggle', onToggle, { capture: true });
    return () => {
      unsubscribe();
      document.removeEventListener('toggle', onToggle, { capture: true });
    };
  }, [queryClient, tick]);

  const known = new Set([...seen, ...(demo.data?.done ?? [])]);
  if (demo.data?.storefront_order) known.add('storefront_order');
  const done = new Set(tourSteps.map(({ name }) => name).filter((name) => known.has(name)));
  return { done, demo, tick };
}
