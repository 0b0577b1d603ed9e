import { api, withoutEmpty, read } from './http';
import type { paths } from './schema';

type OrdersQuery = NonNullable<paths['/api/v1/orders']['get']['parameters']['query']>;
type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;

export type OrderPage = Ok<paths['/api/v1/orders']['get']>;
export type OrderRow = OrderPage['items'][number];
export type OrderCounts = Ok<paths['/api/v1/orders/counts']['get']>;
export type OrderDetail = Ok<paths['/api/v1/orders/{order_id}']['get']>;
export type OrderLine = OrderDetail['lines'][number];
export type SourceChange = OrderDetail['source_changes'][number];
export type Address = OrderDetail['ship_to'];
export type TimelineEvent = Ok<paths['/api/v1/orders/{order_id}/timeline']['get']>['events'][number];
export type OrderFulfillment = Ok<paths['/api/v1/orders/{order_id}/fulfillment-orders']['get']>['items'][number];
export type Sourcing = Ok<paths['/api/v1/orders/{order_id}/sourcing']['get']>;
export type SourcingDecision = Sourcing['decisions'][number];
export type SourcingMove = Sourcing['moves'][number];
export type FlowRun = Ok<paths['/api/v1/orders/{id}/flow-runs']['get']>['flow_runs'][number];
export type StepResult = FlowRun['results'][number];
export type RowResult = Ok<paths['/api/v1/orders/hold']['post']>['results'][number];
export type OrderAction = 'hold' | 'release' | 'cancel' | 'recall' | 'recall_cancel' | 'reprocess';

export const listOrders = (query: OrdersQuery, signal?: AbortSignal): Promise<OrderPage> =>
  read(api.GET('/api/v1/orders', { params: { query: withoutEmpty(query) }, signal }));
export const countOrders = (): Promise<OrderCounts> => read(api.GET('/api/v1/orders/counts'));
export const getOrder = (id: string): Promise<OrderDetail> =>
  read(api.GET('/api/v1/orders/{order_id}', { params: { path: { order_id: id } } }));
export const getTimeline = async (id: string): Promise<TimelineEvent[]> =>
  (await read(api.GET('/api/v1/orders/{order_id}/timeline', { params: { path: { order_id: id } } }))).events;
export const getOrderFulfillment = async (id: string): Promise<OrderFulfillment[]> =>
  (await read(api.GET('/api/v1/orders/{order_id}/fulfillment-orders', { params: { path: { order_id: id } } }))).items;
export const getSourcing = (id: string): Promise<Sourcing> =>
  read(api.GET('/api/v1/orders/{order_id}/sourcing', { params: { path: { order_id: id } } }));
export const getFlowRuns = async (id: string): Promise<FlowRun[]> =>
  (await read(api.GET('/api/v1/orders/{id}/flow-runs', { params: { path: { id } } }))).flow_runs;

export type OrderCheck = Ok<paths['/api/v1/orders/check']['post']>;
export type NewOrder = Record<string, unknown>;
/** What an order costs and what is wrong with it; nothing is placed. */
export const checkOrder = (order: NewOrder): Promise<OrderCheck> => read(api.POST('/api/v1/orders/check', { body: { order } }));
/** Place an order entered by hand. The same key places it once, however often it is sent. */
export const placeOrder = async (order: NewOrder, key: string) => {
  const answer = await read(
    api.POST('/api/v1/orders', {
      params: { header: { 'idempotency-key': key } },
      body: { instance: 'manual', orders: [order] },
    }),
  );
  // Without the preference `respond-async`, orders are created and never only acknowledged.
  return 'results' in answer ? answer.results[0] : undefined;
};

const actionPath = {
  hold: '/api/v1/orders/hold',
  release: '/api/v1/orders/release',
  cancel: '/api/v1/orders/cancel',
} as const;

/** What becomes of recalled units. */
export const unitsAfter = { recall: 'source_again', recall_cancel: 'cancel' } as const;

/** Apply an action to up to 1,000 orders. Returns one result per order, in request order. */
export async function actOnOrders(action: OrderAction, ids: string[], reason: string): Promise<RowResult[]> {
  if (action === 'recall' || action === 'recall_cancel')
    return (await read(api.POST('/api/v1/orders/recall', { body: { ids, reason, units: unitsAfter[action] } }))).results;
  if (action === 'reprocess') return (await read(api.POST('/api/v1/flow-runs/reprocess', { body: { order_ids: ids } }))).results;
  return (await read(api.POST(actionPath[action], { body: { ids, reason } }))).results;
}

type Matching = paths['/api/v1/orders/matching/{action}']['post'];
type MatchingBody = Matching['requestBody']['content']['application/json'];

/** Count the orders that match, up to a limit. */
export const countMatchingOrders = (query: OrdersQuery, signal?: AbortSignal): Promise<Ok<paths['/api/v1/orders/matching']['get']>> =>
  read(api.GET('/api/v1/orders/matching', { params: { query: withoutEmpty(query) }, signal }));

/** Apply an action to the next 200 orders that match, newest first; `after` is `next` of the portion before. */
export function actOnMatchingOrders(
  action: OrderAction,
  query: OrdersQuery,
  reason: string,
  after: string | undefined,
): Promise<Ok<Matching>> {
  // The filters that are left out have defaults.
  const body = { filter: withoutEmpty(query), reason, after } as MatchingBody;
  return read(api.POST('/api/v1/orders/matching/{action}', { params: { path: { action } }, body }));
}

/** Remove the changes that came too late from orders. Returns one result per order. */
export const dismissSourceChanges = async (ids: string[]): Promise<RowResult[]> =>
  (await read(api.POST('/api/v1/orders/source-changes/dismiss', { body: { ids, reason: '' } }))).results;

type WaitingQuery = NonNullable<paths['/api/v1/waiting-lines']['get']['parameters']['query']>;
export type WaitingPage = Ok<paths['/api/v1/waiting-lines']['get']>;
export type WaitingLine = WaitingPage['items'][number];
export type WaitingDetail = Ok<paths['/api/v1/waiting-lines/{line_id}']['get']>;
export type WaitingLineAction = 'recheck' | 'release' | 'cancel';

export const listWaitingLines = (query: WaitingQuery, signal?: AbortSignal): Promise<WaitingPage> =>
  read(api.GET('/api/v1/waiting-lines', { params: { query: withoutEmpty(query) }, signal }));
export const getWaitingLine = (line: string): Promise<WaitingDetail> =>
  read(api.GET('/api/v1/waiting-lines/{line_id}', { params: { path: { line_id: line } } }));

const waitingActionPath = {
  recheck: '/api/v1/waiting-lines/recheck',
  release: '/api/v1/waiting-lines/release',
  cancel: '/api/v1/waiting-lines/cancel',
} as const;

/** Apply an action to up to 1,000 waiting lines. Returns one result per line, in request order. */
export const actOnWaitingLines = async (action: WaitingLineAction, ids: string[], reason: string): Promise<RowResult[]> =>
  (await read(api.POST(waitingActionPath[action], { body: { ids, reason } }))).results;
