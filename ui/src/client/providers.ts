import { api, withoutEmpty, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
type Query<R> = R extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
export type CatalogEntry = Ok<paths['/api/v1/providers']['get']>['items'][number];
export type ProviderInstance = Ok<paths['/api/v1/provider-instances']['get']>['items'][number];
export type ProviderCallPage = Ok<paths['/api/v1/provider-calls']['get']>;
export type ProviderCall = ProviderCallPage['items'][number];
export type MessagePage = Ok<paths['/api/v1/messages']['get']>;
export type MessageRow = MessagePage['items'][number];
export type MessageDetail = Ok<paths['/api/v1/messages/{message}']['get']>;
export type MissingGroup = Ok<paths['/api/v1/messages/unmapped-keys']['get']>['items'][number];
export type MappingPage = Ok<paths['/api/v1/mappings']['get']>;
export type Mapping = MappingPage['items'][number];
export type MappingsSaved = Ok<paths['/api/v1/mappings']['put']>;
export type MappingRelease = Ok<paths['/api/v1/mappings/preview']['post']>;
export type MappingsRemoved = Ok<paths['/api/v1/mappings/delete']['post']>;
export type RowResult = Ok<paths['/api/v1/messages/replay']['post']>['results'][number];

export const listCatalog = async (): Promise<CatalogEntry[]> => (await read(api.GET('/api/v1/providers'))).items;
export const listInstances = async (): Promise<ProviderInstance[]> => (await read(api.GET('/api/v1/provider-instances'))).items;
export const probeInstance = (name: string) => read(api.POST('/api/v1/provider-instances/{name}/probe', { params: { path: { name } } }));
export const pollInstance = (name: string) => read(api.POST('/api/v1/provider-instances/{name}/poll', { params: { path: { name } } }));
/** Stop polls and calls; what arrives waits until the instance resumes. */
export const pauseInstance = (name: string) => read(api.POST('/api/v1/provider-instances/{name}/pause', { params: { path: { name } } }));
export const resumeInstance = (name: string) => read(api.POST('/api/v1/provider-instances/{name}/resume', { params: { path: { name } } }));
export const listCalls = (query: Query<paths['/api/v1/provider-calls']['get']>, signal?: AbortSignal): Promise<ProviderCallPage> =>
  read(api.GET('/api/v1/provider-calls', { params: { query: withoutEmpty(query) }, signal }));

export const listMessages = (query: Query<paths['/api/v1/messages']['get']>, signal?: AbortSignal): Promise<MessagePage> =>
  read(api.GET('/api/v1/messages', { params: { query: withoutEmpty(query) }, signal }));
export const getMessage = (id: string): Promise<MessageDetail> =>
  read(api.GET('/api/v1/messages/{message}', { params: { path: { message: id } } }));
export const listMissingKeys = async (): Promise<MissingGroup[]> => (await read(api.GET('/api/v1/messages/unmapped-keys'))).items;
export const replayMessages = async (ids: string[]): Promise<RowResult[]> =>
  (await read(api.POST('/api/v1/messages/replay', { body: { ids } }))).results;
export const discardMessages = async (ids: string[]): Promise<RowResult[]> =>
  (await read(api.POST('/api/v1/messages/discard', { body: { ids } }))).results;

export const listMappings = (query: Query<paths['/api/v1/mappings']['get']>, signal?: AbortSignal): Promise<MappingPage> =>
  read(api.GET('/api/v1/mappings', { params: { query: withoutEmpty(query) }, signal }));
/** Save mappings; the server replays the messages that missed them. */
export const saveMappings = (mappings: Mapping[]): Promise<MappingsSaved> => read(api.PUT('/api/v1/mappings', { body: { mappings } }));
/** What saving mappings would release. */
export const previewMappings = (mappings: Mapping[]): Promise<MappingRelease> =>
  read(api.POST('/api/v1/mappings/preview', { body: { mappings } }));
/** Delete mappings. Of `messages`, which saving them replayed, the orders that were taken in are returned. */
export const deleteMappings = (mappings: Mapping[], messages: string[] = []): Promise<MappingsRemoved> => {
  const keys = mappings.map(({ table, field, value, scope, scope_name }) => ({ table, field, value, scope, scope_name }));
  return read(api.POST('/api/v1/mappings/delete', { body: { mappings: keys, messages } }));
};
