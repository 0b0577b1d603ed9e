import { api, read } from './http';
import type { paths } from './schema';

type Ok<R> = R extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
export type ChangeView = Ok<paths['/api/v1/configuration/apply']['post']>['changes'][number];

/** The body of a document as written; omitted fields have their default. */
export type Body = Record<string, unknown>;
export interface ConfigurationDocument {
  kind: string;
  name: string;
  body: Body;
}

export const listDocuments = async (kind: string, signal?: AbortSignal): Promise<ConfigurationDocument[]> =>
  (await read(api.GET('/api/v1/configuration', { params: { query: { kind } }, signal }))).documents;

/** Apply documents in one transaction; with `dry`, only return what would change. */
export const applyDocuments = async (documents: ConfigurationDocument[], dryRun = false): Promise<ChangeView[]> =>
  (await read(api.POST('/api/v1/configuration/apply', { body: { documents, dry_run: dryRun, prune: false } }))).changes;

/** Delete a document; with `dry`, only check whether it can be deleted. Rejected while other documents use it. */
export const deleteDocument = async (kind: string, name: string, dryRun = false): Promise<void> => {
  await read(api.DELETE('/api/v1/configuration/{kind}/{name}', { params: { path: { kind, name }, query: { dry_run: dryRun } } }));
};
