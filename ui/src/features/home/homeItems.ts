import type { HomeItem } from '@client/home';
import type { Tone } from '@kit/tokens';

interface Work {
  tone: Tone;
  /** What there is to do, without its number. */
  words: (item: HomeItem) => readonly [one: string, many: string];
  /** What `oldest` of the item is. */
  age: string;
  action: string;
  path: (item: HomeItem) => string;
}

/** How each kind of work reads, and the list that shows exactly these. */
export const work: Record<HomeItem['kind'], Work> = {
  connections: {
    tone: 'failed',
    words: ({ title }) => [`provider is down: ${title}`, `providers are down: ${title}`],
    age: 'The first went down',
    action: 'Open connections',
    path: () => '/providers',
  },
  blocked: {
    tone: 'failed',
    words: ({ title }) => [`order is blocked by ${title}`, `orders are blocked by ${title}`],
    age: 'Oldest blocked',
    action: 'View blocked orders',
    path: ({ instance }) => `/orders?waiting_for=${encodeURIComponent(instance)}`,
  },
  failed_runs: {
    tone: 'failed',
    words: () => ['flow run has failed', 'flow runs have failed'],
    age: 'Oldest failed',
    action: 'View failed runs',
    path: () => '/my-work/runs',
  },
  parked_messages: {
    tone: 'attention',
    words: () => ['message is parked', 'messages are parked'],
    age: 'Oldest arrived',
    action: 'View parked messages',
    path: () => '/my-work/messages',
  },
  payments: {
    tone: 'failed',
    words: () => ['order has a payment that failed or is missing', 'orders have payments that failed or are missing'],
    age: 'Oldest failed',
    action: 'View failed payments',
    path: () => '/payments?needs_person=true',
  },
  declined: {
    tone: 'attention',
    words: () => ['declined fulfillment order has no other source', 'declined fulfillment orders have no other source'],
    age: 'Oldest declined',
    action: 'View declined fulfillment orders',
    path: () => '/fulfillment-orders?to_be_sourced=true',
  },
  late: {
    tone: 'attention',
    words: () => ['order is late', 'orders are late'],
    age: 'Oldest placed',
    action: 'View late orders',
    path: () => '/orders?late=true',
  },
};
