import { api, withoutEmpty, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
type Query<R> = R extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
type Body<R> = R extends { requestBody: { content: { 'application/json': infer T } } } ? T : never;
export type Shape = Ok<paths['/api/v1/inventory/shape']['get']>;
export type SourceSystem = Shape['systems'][number];
export type GroupPage = Ok<paths['/api/v1/inventory/visibility']['get']>;
export type GroupRow = GroupPage['items'][number];
export type StockKey = Ok<paths['/api/v1/inventory/keys/{stock_id}']['get']>;
export type StockKeyPage = Ok<paths['/api/v1/inventory/keys']['get']>;
export type LedgerPage = Ok<paths['/api/v1/inventory/{stock_id}/ledger']['get']>;
export type LedgerEntry = LedgerPage['items'][number];
export type Balances = Ok<paths['/api/v1/inventory/{stock_id}/balances']['get']>;
export type ChainDay = Ok<paths['/api/v1/inventory/chain']['get']>['items'][number];
export type Health = Ok<paths['/api/v1/inventory/health']['get']>;
export type Timeline = Ok<paths['/api/v1/inventory/atp']['get']>['items'][number];
export type TimelinePage = Ok<paths['/api/v1/inventory/atp']['get']>;
export type PromiseDay = Timeline['days'][number];
export type ReservationPage = Ok<paths['/api/v1/inventory/reservations']['get']>;
export type ReservationRow = ReservationPage['items'][number];
export type AllocationPage = Ok<paths['/api/v1/inventory/allocations']['get']>;
export type AllocationRow = AllocationPage['items'][number];
export type Pool = Ok<paths['/api/v1/inventory/allocations/pools']['get']>['items'][number];
export type AllocationMove = Ok<paths['/api/v1/inventory/allocations/{allocation_id}/moves']['get']>['items'][number];
export type AllocationOperation = Body<paths['/api/v1/inventory/allocations/operations']['post']>['operations'][number];
export type SupplyPage = Ok<paths['/api/v1/inventory/supply-orders']['get']>;
export type SupplyLine = SupplyPage['items'][number];
export type SupplyOrder = Body<paths['/api/v1/inventory/supply-orders']['post']>['orders'][number];
export type FeedPage = Ok<paths['/api/v1/inventory/feeds']['get']>;
export type FeedFile = FeedPage['items'][number];
export type Source = Ok<paths['/api/v1/sources']['get']>['items'][number];
export type Product = Ok<paths['/api/v1/products']['get']>['items'][number];
export type StockPage = Ok<paths['/api/v1/inventory']['get']>;
export type StockRow = StockPage['items'][number];
interface Row {
  id: string;
  ok: boolean;
  reason: string;
}

export const listStock = (query: Query<paths['/api/v1/inventory']['get']>, signal?: AbortSignal): Promise<StockPage> =>
  read(api.GET('/api/v1/inventory', { params: { query: withoutEmpty(query) }, signal }));
export const getShape = (): Promise<Shape> => read(api.GET('/api/v1/inventory/shape'));
export const listGroups = (query: Query<paths['/api/v1/inventory/visibility']['get']>, signal?: AbortSignal): Promise<GroupPage> =>
  read(api.GET('/api/v1/inventory/visibility', { params: { query: withoutEmpty(query) }, signal }));
export const listStockKeys = (query: Query<paths['/api/v1/inventory/keys']['get']>): Promise<StockKeyPage> =>
  read(api.GET('/api/v1/inventory/keys', { params: { query: withoutEmpty(query) } }));
export const getStockKey = (id: number): Promise<StockKey> =>
  read(api.GET('/api/v1/inventory/keys/{stock_id}', { params: { path: { stock_id: id } } }));
export const listLedger = (id: number, query: Query<paths['/api/v1/inventory/{stock_id}/ledger']['get']>): Promise<LedgerPage> =>
  read(
    api.GET('/api/v1/inventory/{stock_id}/ledger', { params: { path: { stock_id: id }, query: withoutEmpty({ ...query, limit: 50 }) } }),
  );
/** The balance of every measure of a stock record, at a point in time or now. */
export const getBalances = (id: number, asOf?: string): Promise<Balances> =>
  read(api.GET('/api/v1/inventory/{stock_id}/balances', { params: { path: { stock_id: id }, query: withoutEmpty({ as_of: asOf }) } }));
export const listChain = async (): Promise<ChainDay[]> =>
  (await read(api.GET('/api/v1/inventory/chain', { params: { query: { limit: 30 } } }))).items;
export const getHealth = (): Promise<Health> => read(api.GET('/api/v1/inventory/health'));

export const listTimelines = (query: Query<paths['/api/v1/inventory/atp']['get']>, signal?: AbortSignal): Promise<TimelinePage> =>
  read(api.GET('/api/v1/inventory/atp', { params: { query: { ...withoutEmpty(query), product: query.product } }, signal }));

interface ReservationQuery {
  product?: string;
  source?: string;
  /** An order number, an order line id, or an external request id. */
  search?: string;
  state: 'open' | 'shipped' | 'released' | 'expiring' | 'all';
  after?: string;
  limit?: number;
}
export type OrderLine = Ok<paths['/api/v1/orders/lines']['get']>['items'][number];

/** Return the order of each line, by line id. */
export const getOrderLines = async (ids: string[]): Promise<Map<string, OrderLine>> => {
  const lines = ids.length === 0 ? [] : (await read(api.GET('/api/v1/orders/lines', { params: { query: { ids } } }))).items;
  return new Map(lines.map((line) => [line.line_id, line]));
};

/** List reservations by state; expiring ones are sorted by expiry. */
export const listReservations = async ({ state, search, ...query }: ReservationQuery, signal?: AbortSignal): Promise<ReservationPage> => {
  const matchingLines = search
    ? (await read(api.GET('/api/v1/orders/lines', { params: { query: { order_number: search } }, signal }))).items
    : [];
  const subject = matchingLines.length > 0 ? { line: matchingLines.map((line) => line.line_id) } : { document: search };
  if (state === 'expiring')
    return read(api.GET('/api/v1/inventory/reservations/expiring', { params: { query: withoutEmpty({ ...query, ...subject }) }, signal }));
  const request = withoutEmpty({ ...query, ...subject, state: state === 'all' ? undefined : state });
  return read(api.GET('/api/v1/inventory/reservations', { params: { query: request }, signal }));
};
export const releaseReservations = async (ids: string[], reason: string): Promise<Row[]> =>
  (await read(api.POST('/api/v1/inventory/reservations/release', { body: { ids: ids.map(Number), reason } }))).results.map((result) => ({
    ...result,
    id: String(result.id),
    reason: result.reason,
  }));

export const listAllocations = (
  query: Query<paths['/api/v1/inventory/allocations']['get']>,
  signal?: AbortSignal,
): Promise<AllocationPage> => read(api.GET('/api/v1/inventory/allocations', { params: { query: withoutEmpty(query) }, signal }));
export const listPools = async (query: Query<paths['/api/v1/inventory/allocations/pools']['get']>): Promise<Pool[]> =>
  (await read(api.GET('/api/v1/inventory/allocations/pools', { params: { query: withoutEmpty(query) } }))).items;
export const listAllocationMoves = async (id: number): Promise<AllocationMove[]> =>
  (await read(api.GET('/api/v1/inventory/allocations/{allocation_id}/moves', { params: { path: { allocation_id: id } } }))).items;
/** Apply a manual allocation change. Returns the refusal reason, or an empty string. */
export const actOnAllocation = async (act: AllocationOperation): Promise<string> => {
  const [done] = (await read(api.POST('/api/v1/inventory/allocations/operations', { body: { operations: [act] } }))).results;
  return done === undefined || done.ok ? '' : done.reason;
};

export const listSupplyLines = (query: Query<paths['/api/v1/inventory/supply-orders']['get']>, signal?: AbortSignal): Promise<SupplyPage> =>
  read(api.GET('/api/v1/inventory/supply-orders', { params: { query: withoutEmpty(query) }, signal }));
const firstRefusal = (query: { results: { ok: boolean; reason: string }[] }): string =>
  query.results[0]?.ok === false ? query.results[0].reason : '';
export const saveSupplyOrder = async (order: SupplyOrder): Promise<string> =>
  firstRefusal(await read(api.POST('/api/v1/inventory/supply-orders', { body: { orders: [order] } })));
const lineKey = ({ kind, number, line_number }: SupplyLine) => ({ kind: kind as SupplyOrder['kind'], number, line_number });
export const receiveSupply = async (line: SupplyLine, quantity: string, id: string): Promise<string> =>
  firstRefusal(
    await read(api.POST('/api/v1/inventory/supply-orders/receive', { body: { receipts: [{ ...lineKey(line), id, quantity }] } })),
  );
export const shipSupply = async (line: SupplyLine, quantity: string, id: string): Promise<string> =>
  firstRefusal(await read(api.POST('/api/v1/inventory/supply-orders/ship', { body: { shipments: [{ ...lineKey(line), id, quantity }] } })));
export const closeSupply = async (lines: SupplyLine[]): Promise<Row[]> => {
  const { results } = await read(api.POST('/api/v1/inventory/supply-orders/close', { body: { lines: lines.map(lineKey) } }));
  return results.map((result, index) => ({ id: lines[index]?.id ?? String(index), ok: result.ok, reason: result.reason }));
};

export const listFeeds = (query: Query<paths['/api/v1/inventory/feeds']['get']>, signal?: AbortSignal): Promise<FeedPage> =>
  read(api.GET('/api/v1/inventory/feeds', { params: { query: withoutEmpty(query) }, signal }));

export const listSources = async (): Promise<Source[]> => (await read(api.GET('/api/v1/sources'))).items;
export const findProducts = async (search: string): Promise<Product[]> =>
  (await read(api.GET('/api/v1/products', { params: { query: withoutEmpty({ search, limit: 20 }) } }))).items;
