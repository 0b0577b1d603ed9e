import { api, given, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
type Query<R> = R extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
export type StockPage = Ok<paths['/api/v1/inventory']['get']>;
export type StockRow = StockPage['items'][number];
export type LedgerPage = Ok<paths['/api/v1/inventory/{stock_id}/ledger']['get']>;
export type LedgerEntry = LedgerPage['items'][number];
export type Source = Ok<paths['/api/v1/sources']['get']>['items'][number];
export type Product = Ok<paths['/api/v1/products']['get']>['items'][number];

export const listStock = (query: Query<paths['/api/v1/inventory']['get']>, signal?: AbortSignal): Promise<StockPage> =>
  read(api.GET('/api/v1/inventory', { params: { query: given(query) }, signal }));
export const listLedger = (id: number, after?: string): Promise<LedgerPage> =>
  read(api.GET('/api/v1/inventory/{stock_id}/ledger', { params: { path: { stock_id: id }, query: given({ after, limit: 50 }) } }));
export const listSources = async (): Promise<Source[]> => (await read(api.GET('/api/v1/sources'))).items;
export const findProducts = async (search: string): Promise<Product[]> =>
  (await read(api.GET('/api/v1/products', { params: { query: given({ search, limit: 20 }) } }))).items;
