import { api, read, withoutEmpty } from './http';
import type { paths } from './schema';

type List = paths['/api/v1/payments']['get'];
export type PaymentPage = List['responses'][200]['content']['application/json'];
export type PaymentRow = PaymentPage['items'][number];
export type OrderPayments = paths['/api/v1/orders/{order_id}/payments']['get']['responses'][200]['content']['application/json'];
export type PaymentMethod = NonNullable<OrderPayments['methods']>[number];
export type PaymentFact = NonNullable<OrderPayments['facts']>[number];
export type RefundItem = paths['/api/v1/payments/refund']['post']['requestBody']['content']['application/json']['refunds'][number];
type RefundResult = paths['/api/v1/payments/refund']['post']['responses'][200]['content']['application/json']['results'][number];
type Results = paths['/api/v1/payments/retry']['post']['responses'][200]['content']['application/json']['results'];

export const listPayments = (query: NonNullable<List['parameters']['query']>, signal?: AbortSignal): Promise<PaymentPage> =>
  read(api.GET('/api/v1/payments', { params: { query: withoutEmpty(query) }, signal }));
export const getOrderPayments = (id: string): Promise<OrderPayments> =>
  read(api.GET('/api/v1/orders/{order_id}/payments', { params: { path: { order_id: id } } }));
/** Request refunds; one result each. */
export const refundOrders = async (refunds: RefundItem[]): Promise<RefundResult[]> =>
  (await read(api.POST('/api/v1/payments/refund', { body: { refunds } }))).results;
/** Retry payments that failed or whose outcome is unknown. */
export const retryPayments = async (ids: string[], reason: string): Promise<Results> =>
  (await read(api.POST('/api/v1/payments/retry', { body: { ids, reason } }))).results;
