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
const actionPath = {
  recall: '/api/v1/fulfillment-orders/recall',
  answer: '/api/v1/fulfillment-orders/recall/answer',
  lift: '/api/v1/fulfillment-orders/lift-refusal',
} as const;
type Results = paths[typeof actionPath.lift]['post']['responses'][200]['content']['application/json']['results'];
export type RecallAnswer = 'accepted' | 'refused' | 'withdrawn';

/** Recall fulfillment orders; `units` says what becomes of what comes back. */
export const recallFulfillmentOrders = async (ids: string[], reason: string, units: 'source_again' | 'cancel'): Promise<Results> =>
  (await read(api.POST(actionPath.recall, { body: { ids, reason, units } }))).results;
/** Record what fulfillers answered to recalls, or withdraw these. */
export const answerRecalls = async (ids: string[], reason: string, answer: RecallAnswer): Promise<Results> =>
  (await read(api.POST(actionPath.answer, { body: { ids, reason, answer } }))).results;
/** Let sourcing consider the sources of these fulfillment orders again. */
export const liftRefusals = async (ids: string[], reason: string): Promise<Results> =>
  (await read(api.POST(actionPath.lift, { body: { ids, reason } }))).results;
export const getFulfillmentOrder = (id: string): Promise<FulfillmentOrderDetail> =>
  read(api.GET('/api/v1/fulfillment-orders/{fulfillment_order_id}', { params: { path: { fulfillment_order_id: id } } }));
