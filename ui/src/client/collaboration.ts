import { api, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;

export type NotePage = Ok<paths['/api/v1/orders/{order_id}/notes']['get']>;
export type Note = NotePage['items'][number];
export type Person = Ok<paths['/api/v1/people']['get']>['items'][number];
export type Mention = Ok<paths['/api/v1/mentions']['get']>['items'][number];
export type WatchedOrder = Ok<paths['/api/v1/watched-orders']['get']>['items'][number];
export type Watchers = Ok<paths['/api/v1/orders/{order_id}/watchers']['get']>;
type RowResult = Ok<paths['/api/v1/notes']['post']>['results'][number];

export const mentionsKey = ['mentions'] as const;
export const watchedKey = ['watched-orders'] as const;

/** The notes of an order, all pages of it: pinned ones first, then newest first. */
export const listNotes = (order: string, after?: string): Promise<NotePage> =>
  read(api.GET('/api/v1/orders/{order_id}/notes', { params: { path: { order_id: order }, query: { after } } }));
export const writeNotes = async (orders: string[], text: string): Promise<RowResult[]> =>
  (await read(api.POST('/api/v1/notes', { body: { order_ids: orders, text, pinned: false } }))).results;
export const changeNote = (id: string, change: { text?: string; pinned?: boolean }): Promise<Note> =>
  read(api.PATCH('/api/v1/notes/{id}', { params: { path: { id } }, body: change }));
export async function deleteNote(id: string): Promise<void> {
  await read(api.DELETE('/api/v1/notes/{id}', { params: { path: { id } } }));
}

export const listPeople = async (): Promise<Person[]> => (await read(api.GET('/api/v1/people'))).items;
/** The notes that mention the current user and are unread, newest first. */
export const listUnreadMentions = async (): Promise<Mention[]> =>
  (await read(api.GET('/api/v1/mentions', { params: { query: { unread: true } } }))).items;

export const getWatchers = (order: string): Promise<Watchers> =>
  read(api.GET('/api/v1/orders/{order_id}/watchers', { params: { path: { order_id: order } } }));
export const listWatched = async (): Promise<WatchedOrder[]> => (await read(api.GET('/api/v1/watched-orders'))).items;
export async function setWatching(order: string, watching: boolean): Promise<void> {
  const request = { params: { path: { order_id: order } } };
  await read(watching ? api.PUT('/api/v1/watched-orders/{order_id}', request) : api.DELETE('/api/v1/watched-orders/{order_id}', request));
}
export async function markSeen(order: string): Promise<void> {
  await read(api.POST('/api/v1/watched-orders/{order_id}/seen', { params: { path: { order_id: order } } }));
}

export type UsedTag = Ok<paths['/api/v1/orders/tags']['get']>['items'][number];
export const usedTagsKey = ['used-tags'] as const;
export const listUsedTags = async (): Promise<UsedTag[]> => (await read(api.GET('/api/v1/orders/tags'))).items;
export const changeTags = async (ids: string[], change: { add?: string[]; remove?: string[] }): Promise<RowResult[]> =>
  (await read(api.POST('/api/v1/orders/tags', { body: { ids, add: change.add ?? [], remove: change.remove ?? [] } }))).results;
