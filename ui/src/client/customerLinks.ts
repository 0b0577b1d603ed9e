import { api, read } from './http';
import type { components } from './schema';

/** A link that opens an order for its customer, without an account. */
export type CustomerLink = components['schemas']['CustomerLinkView'];

export const createCustomerLink = (order: string): Promise<CustomerLink> =>
  read(api.POST('/api/v1/orders/{order_id}/customer-link', { params: { path: { order_id: order } } }));
export async function revokeCustomerLinks(order: string): Promise<void> {
  await read(api.POST('/api/v1/orders/{order_id}/customer-link/revoke', { params: { path: { order_id: order } } }));
}
