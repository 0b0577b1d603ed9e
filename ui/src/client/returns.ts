import { api, read, withoutEmpty } from './http';
import type { components, paths } from './schema';

type List = paths['/api/v1/returns']['get'];
export type ReturnPage = List['responses'][200]['content']['application/json'];
export type ReturnRow = ReturnPage['items'][number];
export type ReturnDetail = components['schemas']['ReturnDetail'];
export type ReturnLine = ReturnDetail['lines'][number];
export type ReturnPolicy = components['schemas']['ReturnPolicyView'];
export type ReturnableOrder = components['schemas']['ReturnableOrder'];
export type ReturnableLine = ReturnableOrder['lines'][number];
export type NewReturn = components['schemas']['NewReturn'];
export type ReturnEvent = components['schemas']['ReturnEvent'];
export type Disposition = NonNullable<components['schemas']['ReceivedUnits']['disposition']>;
type Results = { id: string; ok: boolean; reason: string }[];

export const listReturns = (query: NonNullable<List['parameters']['query']>, signal?: AbortSignal): Promise<ReturnPage> =>
  read(api.GET('/api/v1/returns', { params: { query: withoutEmpty(query) }, signal }));
export const countReturns = () => read(api.GET('/api/v1/returns/counts'));
export const getReturn = (id: string): Promise<ReturnDetail> =>
  read(api.GET('/api/v1/returns/{return_id}', { params: { path: { return_id: id } } }));
export const getReturnTimeline = async (id: string): Promise<ReturnEvent[]> =>
  (await read(api.GET('/api/v1/returns/{return_id}/timeline', { params: { path: { return_id: id } } }))).events;
export const getReturnPolicy = (): Promise<ReturnPolicy> => read(api.GET('/api/v1/returns/policy'));
export const getReturnsOfOrder = async (id: string): Promise<ReturnDetail[]> =>
  (await read(api.GET('/api/v1/orders/{order_id}/returns', { params: { path: { order_id: id } } }))).items;
export const getReturnable = (id: string, reason: string): Promise<ReturnableOrder> =>
  read(api.GET('/api/v1/orders/{order_id}/returnable', { params: { path: { order_id: id }, query: { reason } } }));

const movePath = {
  approve: '/api/v1/returns/approve',
  refuse: '/api/v1/returns/refuse',
  close: '/api/v1/returns/close',
  cancel: '/api/v1/returns/cancel',
} as const;
export type ReturnMove = keyof typeof movePath;
export const moveReturns = async (move: ReturnMove, ids: string[], reason: string): Promise<Results> =>
  (await read(api.POST(movePath[move], { body: { ids, reason } }))).results;

/** Create return orders; `key` makes a repeated request harmless. */
export const createReturns = async (returns: NewReturn[], key: string) =>
  (await read(api.POST('/api/v1/returns', { body: { returns }, params: { header: { 'idempotency-key': key } } }))).results;

interface Units {
  id: string;
  quantity: number;
  condition: string;
  disposition: Disposition;
}

/** Receive units at a place and inspect them. */
export const receiveUnits = async (items: Units[], place: string, key: string): Promise<Results> =>
  (
    await read(
      api.POST('/api/v1/returns/receive', {
        body: { place, items: items.map((item) => ({ ...item, note: '' })) },
        params: { header: { 'idempotency-key': key } },
      }),
    )
  ).results;
/** Inspect units that were received. */
export const inspectUnits = async (items: Units[], key: string): Promise<Results> =>
  (
    await read(
      api.POST('/api/v1/returns/inspect', {
        body: { items: items.map((item) => ({ ...item, place: '', note: '' })) },
        params: { header: { 'idempotency-key': key } },
      }),
    )
  ).results;
/** Record that amounts were paid in another system. */
export const recordPayments = async (ids: string[], reference: string): Promise<Results> =>
  (await read(api.POST('/api/v1/returns/record-payment', { body: { ids, reason: '', reference, state: 'completed' } }))).results;
/** Record goods that arrived without an order. */
export const receiveWithoutOrder = async (product: string, quantity: number, place: string, key: string) =>
  (
    await read(
      api.POST('/api/v1/returns/blind', {
        body: {
          returns: [{ place, customer_name: '', note: '', lines: [{ product, quantity, reason: '', comment: '' }] }],
        },
        params: { header: { 'idempotency-key': key } },
      }),
    )
  ).results;
/** What may be returned of the order with a number; null when there is none. */
export async function getReturnableByNumber(number: string): Promise<ReturnableOrder | null> {
  const { items } = await read(api.GET('/api/v1/orders/lines', { params: { query: { order_number: number } } }));
  const [first] = items;
  return first ? getReturnable(first.order_id, '') : null;
}
/** Match the lines of a return that arrived without an order with order lines. */
export const matchReturn = async (lines: { id: string; order_line_id: string }[]): Promise<Results> =>
  (await read(api.POST('/api/v1/returns/match', { body: { lines } }))).results;
