import { actOnOrders, type OrderAction } from '@client/orders';
import type { Verb } from '@kit/list';

const orderAction = (name: OrderAction, rest: Omit<Verb, 'name' | 'run'>): Verb => ({
  name,
  ...rest,
  run: (ids, reason) => actOnOrders(name, ids, reason),
});

/** What a person may do to orders, and what it does, in words. */
export const orderActions: Record<OrderAction, Verb> = {
  hold: orderAction('hold', {
    label: 'Hold',
    reasonPlaceholder: 'For example: customer asked to wait until Friday',
    description: 'Nothing more happens to a held order until it is released. Stock that is reserved stays reserved.',
  }),
  release: orderAction('release', {
    label: 'Release',
    reasonPlaceholder: 'Why it may go on (optional)',
    description: 'The order returns to where it stood and goes on from there.',
  }),
  cancel: orderAction('cancel', {
    label: 'Cancel',
    danger: true,
    reasonPlaceholder: 'For example: customer request',
    description: 'The order and its open lines are canceled and reserved stock is given back. This cannot be undone.',
  }),
  reprocess: orderAction('reprocess', {
    label: 'Reprocess',
    description: 'The failed step runs again with the data as it is now. Steps that already succeeded do not run twice.',
  }),
};
