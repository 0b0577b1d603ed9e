import { answerRecalls, liftRefusals, recallFulfillmentOrders } from '@client/fulfillment';
import type { BulkAction } from '@kit/list';

/** Actions on fulfillment orders. */
export const fulfillmentActions = {
  recall: {
    name: 'recall',
    label: 'Recall',
    reasonPlaceholder: 'For example: the address was wrong',
    description:
      'It is canceled now if it was not sent; otherwise its cancellation is requested from its fulfiller. The units are sourced again.',
    run: (ids, reason) => recallFulfillmentOrders(ids, reason, 'source_again'),
  },
  recall_cancel: {
    name: 'recall_cancel',
    label: 'Recall and cancel',
    danger: true,
    reasonPlaceholder: 'For example: customer request',
    description:
      'It is canceled now if it was not sent; otherwise its cancellation is requested from its fulfiller. The units are canceled.',
    run: (ids, reason) => recallFulfillmentOrders(ids, reason, 'cancel'),
  },
  accepted: {
    name: 'accepted',
    label: 'Recall accepted',
    reasonPlaceholder: 'For example: confirmed by phone',
    description: 'The fulfiller agreed to cancel what has not shipped.',
    run: (ids, reason) => answerRecalls(ids, reason, 'accepted'),
  },
  withdrawn: {
    name: 'withdrawn',
    label: 'Withdraw recall',
    reasonPlaceholder: 'Reason (optional)',
    description: 'The fulfillment order stays with its fulfiller.',
    run: (ids, reason) => answerRecalls(ids, reason, 'withdrawn'),
  },
  lift_refusal: {
    name: 'lift_refusal',
    label: 'Consider source again',
    reasonPlaceholder: 'For example: the stock was found',
    description: 'Sourcing considers the source again that declined these units.',
    run: (ids, reason) => liftRefusals(ids, reason),
  },
} satisfies Record<string, BulkAction>;
