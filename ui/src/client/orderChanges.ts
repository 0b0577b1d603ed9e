import { api, read } from './http';
import type { components, paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;

type Apply = paths['/api/v1/orders/{order_id}/changes']['post'];
type SentOperation = Apply['requestBody']['content']['application/json']['operations'][number];
type Entered<T> = T extends { kind: infer K } ? { kind: K } & Partial<Record<Exclude<keyof T, 'kind'>, unknown>> : never;
/** An operation as it is entered: the fields that are left out have defaults. */
export type ChangeOperation = Entered<SentOperation>;
const sent = (operations: ChangeOperation[]): SentOperation[] => operations as SentOperation[];
export type ChangePreview = Ok<paths['/api/v1/orders/{order_id}/changes/preview']['post']>;
export type StockNeed = ChangePreview['stock'][number];
export type AppliedChange = Ok<Apply>;
export type OrderChanges = Ok<paths['/api/v1/orders/{order_id}/changes']['get']>;
export type OrderChange = OrderChanges['changes'][number];
export type MoneyChange = components['schemas']['MoneyChange'];

const at = (id: string) => ({ params: { path: { order_id: id } } });

/** The changes of an order, newest first, and what can be changed or undone now. */
export const getOrderChanges = (id: string): Promise<OrderChanges> => read(api.GET('/api/v1/orders/{order_id}/changes', at(id)));

/** What a change would do; nothing is stored. */
export const previewChange = (id: string, operations: ChangeOperation[]): Promise<ChangePreview> =>
  read(api.POST('/api/v1/orders/{order_id}/changes/preview', { ...at(id), body: { operations: sent(operations) } }));

/** Apply a change to the version that was previewed. The same key applies it once, however often it is sent. */
export const applyChange = (
  id: string,
  change: { operations: ChangeOperation[]; version: string; reason: string },
  key: string,
): Promise<AppliedChange> =>
  read(
    api.POST('/api/v1/orders/{order_id}/changes', {
      params: { path: { order_id: id }, header: { 'idempotency-key': key } },
      body: { ...change, operations: sent(change.operations) },
    }),
  );

/** Undo a change. */
export const undoChange = (id: string, change: string): Promise<AppliedChange> =>
  read(api.POST('/api/v1/orders/{order_id}/changes/{change_id}/undo', { params: { path: { order_id: id, change_id: change } } }));

/** Apply the same operations to up to 1,000 orders. Returns one result per order. */
export const changeOrders = async (ids: string[], operations: ChangeOperation[], reason: string) =>
  (await read(api.POST('/api/v1/orders/changes', { body: { ids, operations: sent(operations), reason } }))).results;
