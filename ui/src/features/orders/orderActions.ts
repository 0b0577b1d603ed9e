import { actOnOrders, type OrderVerb } from '@client/orders';
import type { Verb } from '@kit/list';

const verb = (name: OrderVerb, rest: Omit<Verb, 'name' | 'run'>): Verb => ({
  name,
  ...rest,
  run: (ids, reason) => actOnOrders(name, ids, reason),
});

/** What a person may do to orders, and what it does, in words. */
export const orderVerbs: Record<OrderVerb, Verb> = {
  hold: verb('hold', {
    label: 'Hold',
    reason: 'For example: customer asked to wait until Friday',
    says: 'Nothing more happens to a held order until it is released. Stock that is reserved stays reserved.',
  }),
  release: verb('release', {
    label: 'Release',
    reason: 'Why it may go on (optional)',
    says: 'The order returns to where it stood and goes on from there.',
  }),
  cancel: verb('cancel', {
    label: 'Cancel',
    danger: true,
    reason: 'For example: customer request',
    says: 'The order and its open lines are canceled and reserved stock is given back. This cannot be undone.',
  }),
  reprocess: verb('reprocess', {
    label: 'Reprocess',
    says: 'The failed step runs again with the data as it is now. Steps that already succeeded do not run twice.',
  }),
};
