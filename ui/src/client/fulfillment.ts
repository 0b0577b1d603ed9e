import { api, withoutEmpty, read } from './http';
import type { paths } from './schema';

type List = paths['/api/v1/fulfillment-orders']['get'];
export type FulfillmentOrderPage = List['responses'][200]['content']['application/json'];
export type FulfillmentOrderRow = FulfillmentOrderPage['items'][number];
export type FulfillmentOrderDetail =
  paths['/api/v1/fulfillment-orders/{fulfillment_order_id}']['get']['responses'][200]['content']['application/json'];

export const listFulfillmentOrders = (
  query: NonNullable<List['parameters']['query']>,
  signal?: AbortSignal,
): Promise<FulfillmentOrderPage> => read(api.GET('/api/v1/fulfillment-orders', { params: { query: withoutEmpty(query) }, signal }));
export const getFulfillmentOrder = (id: string): Promise<FulfillmentOrderDetail> =>
  read(api.GET('/api/v1/fulfillment-orders/{fulfillment_order_id}', { params: { path: { fulfillment_order_id: id } } }));
