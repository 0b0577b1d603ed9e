import { actOnOrders, type OrderAction } from '@client/orders';
import { changeTags, writeNotes } from '@client/collaboration';
import type { BulkAction } from '@kit/list';

const orderAction = (name: OrderAction, rest: Omit<BulkAction, 'name' | 'run'>): BulkAction => ({
  name,
  ...rest,
  run: (ids, reason) => actOnOrders(name, ids, reason),
});

/** Actions on orders. */
export const orderActions: Record<OrderAction, BulkAction> = {
  hold: orderAction('hold', {
    label: 'Hold',
    reasonPlaceholder: 'For example: customer requested delivery on Friday',
    description: 'Processing stops until the hold is released. Reserved stock stays reserved.',
  }),
  release: orderAction('release', {
    label: 'Release',
    reasonPlaceholder: 'Reason for the release (optional)',
    description: 'Processing continues from the step at which the order was put on hold.',
  }),
  cancel: orderAction('cancel', {
    label: 'Cancel',
    danger: true,
    reasonPlaceholder: 'For example: customer request',
    description: 'The order and its open lines are canceled, and reserved stock is released. This cannot be undone.',
  }),
  recall: orderAction('recall', {
    label: 'Recall',
    reasonPlaceholder: 'For example: the address was wrong',
    description:
      'Unsent fulfillment orders are canceled now. A cancellation of the others is requested from their fulfillers. The units are sourced again.',
  }),
  recall_cancel: orderAction('recall_cancel', {
    label: 'Recall and cancel',
    danger: true,
    reasonPlaceholder: 'For example: customer request',
    description:
      'Unsent fulfillment orders are canceled now. A cancellation of the others is requested from their fulfillers. All units that have not shipped are canceled.',
  }),
  reprocess: orderAction('reprocess', {
    label: 'Reprocess',
    description: 'The failed step runs again with current data. Steps that succeeded are not repeated.',
  }),
};

const tagsOf = (text: string): string[] => text.split(',').filter((tag) => tag.trim() !== '');

/** Actions on selected orders that change nothing of their processing. */
export const groupActions: readonly BulkAction[] = [
  {
    name: 'tag',
    label: 'Tag',
    selectedOnly: true,
    reasonLabel: 'Tags, separated by commas',
    reasonPlaceholder: 'For example: vip, call first',
    reasonRequired: true,
    description: 'Tags group orders. The list of orders can be filtered by a tag.',
    run: (ids, text) => changeTags(ids, { add: tagsOf(text) }),
  },
  {
    name: 'untag',
    label: 'Remove tag',
    selectedOnly: true,
    reasonLabel: 'Tags, separated by commas',
    reasonPlaceholder: 'For example: vip',
    reasonRequired: true,
    description: 'Orders that do not have a tag stay as they are.',
    run: (ids, text) => changeTags(ids, { remove: tagsOf(text) }),
  },
  {
    name: 'note',
    label: 'Add note',
    selectedOnly: true,
    reasonLabel: 'Note',
    reasonPlaceholder: 'For example: the carrier is on strike until Friday',
    reasonRequired: true,
    description: 'Each of the orders gets this note.',
    run: writeNotes,
  },
];
