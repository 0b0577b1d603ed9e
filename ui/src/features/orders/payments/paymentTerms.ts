import type { PaymentFact } from '@client/payments';
import { humanize } from '@vocabulary';

const methods: Record<string, string> = {
  card: 'Card',
  paypal: 'PayPal',
  gift_card: 'Gift card',
  store_credit: 'Store credit',
  bank_transfer: 'Bank transfer',
  invoice: 'Invoice',
};

const kinds: Record<string, string> = {
  authorization: 'Authorization',
  capture: 'Capture',
  refund: 'Refund',
  void: 'Void',
  expiry: 'Expired',
};

export const paymentKinds = Object.keys(kinds);
export const paymentMethods = Object.keys(methods);
export const paymentStates: PaymentFact['state'][] = ['requested', 'unknown', 'succeeded', 'failed'];
export const kindLabel = (kind: string): string => kinds[kind] ?? humanize(kind);
export const methodLabel = (kind: string, title = ''): string => title || (methods[kind] ?? humanize(kind));
