import { api, read } from './http';
import type { paths } from './schema';

export type SessionInfo = paths['/api/v1/session']['post']['responses'][200]['content']['application/json'];
export type SearchHit = paths['/api/v1/search']['get']['responses'][200]['content']['application/json']['items'][number];

export const sessionKey = ['session'] as const;
/** The current session, or null when signed out. */
export const getSession = (): Promise<SessionInfo | null> => read(api.GET('/api/v1/session'));
export const signIn = (email: string, password: string): Promise<SessionInfo> =>
  read(api.POST('/api/v1/session', { body: { email, password } }));
export const signOut = async (): Promise<void> => {
  await read(api.DELETE('/api/v1/session'));
};
export const search = async (q: string, signal?: AbortSignal): Promise<SearchHit[]> =>
  (await read(api.GET('/api/v1/search', { params: { query: { q } }, signal }))).items;
