import { retryPayments } from '@client/payments';
import type { BulkAction } from '@kit/list';

/** Actions on payments. */
export const paymentActions = {
  retry: {
    name: 'retry',
    label: 'Retry',
    description:
      'An unknown outcome is looked up at the provider. What failed is requested once more, with what the payment methods can pay now. Nothing is captured or refunded twice.',
    run: (ids, reason) => retryPayments(ids, reason),
  },
} satisfies Record<string, BulkAction>;
