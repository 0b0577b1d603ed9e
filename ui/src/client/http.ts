import createClient from 'openapi-fetch';
import { problemFrom } from './problem';
import type { paths } from './schema';

/** API client: same origin, session cookie, typed by the OpenAPI document. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: (request) => globalThis.fetch(request),
});

interface FetchResult<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

type SignedOut = () => void;
const listeners = new Set<SignedOut>();

/** Register a listener for an expired session. Returns a function that removes it. */
export function onSignedOut(listener: SignedOut): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the data of a response. Throws `Problem` when the request was rejected. */
export async function read<T>(call: Promise<FetchResult<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const path = response.url ? new URL(response.url).pathname : '';
  if (response.status === 401 && path !== '/api/v1/session') listeners.forEach((listener) => listener());
  throw problemFrom(error, response.status, path);
}

/** Return the query without empty values, which would be sent as `?state=`. */
export function withoutEmpty<T extends Record<string, unknown>>(query: T): T {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null)) as T;
}
