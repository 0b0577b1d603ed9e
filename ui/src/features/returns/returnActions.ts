import { moveReturns } from '@client/returns';
import type { BulkAction } from '@kit/list';

/** Actions on return orders. */
export const returnActions = {
  approve: {
    name: 'approve',
    label: 'Approve',
    reasonPlaceholder: 'Reason (optional)',
    description: 'The customer may send the goods back.',
    run: (ids, reason) => moveReturns('approve', ids, reason),
  },
  refuse: {
    name: 'refuse',
    label: 'Refuse',
    danger: true,
    reasonPlaceholder: 'For example: the seal was broken',
    reasonRequired: true,
    description: 'The return ends. The units may be returned with another request.',
    run: (ids, reason) => moveReturns('refuse', ids, reason),
  },
  close: {
    name: 'close',
    label: 'Close',
    reasonPlaceholder: 'Reason (optional)',
    description: 'Nothing more is expected. Units that did not come back may be returned with another request.',
    run: (ids, reason) => moveReturns('close', ids, reason),
  },
  cancel: {
    name: 'cancel',
    label: 'Cancel',
    danger: true,
    reasonPlaceholder: 'For example: the customer keeps the goods',
    description: 'The return ends before anything came back.',
    run: (ids, reason) => moveReturns('cancel', ids, reason),
  },
} satisfies Record<string, BulkAction>;

export const outcomeLabels: Record<string, string> = { refund: 'Refund', exchange: 'Exchange', replacement: 'Replacement' };
export const originLabels: Record<string, string> = {
  customer: 'Customer',
  store_counter: 'Store counter',
  order_manager: 'Order manager',
  blind: 'Without order',
};
export const dispositionLabels: Record<string, string> = {
  restock: 'Restock',
  refurbish: 'Refurbish',
  scrap: 'Scrap',
  vendor: 'Return to vendor',
  reject: 'Reject, no refund',
};
export const amountLabels: Record<string, string> = { refund: 'Refund', credit: 'Credit', charge: 'Charge' };
export const paymentLabels: Record<string, string> = { due: 'Due', requested: 'Requested', completed: 'Paid', failed: 'Failed' };
