import createClient from 'openapi-fetch';
import { problemFrom } from './problem';
import type { paths } from './schema';

/** The one door to the server: same origin, session cookie, typed by its OpenAPI document. */
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

/** Called whenever the server no longer knows who we are. Returns the way to stop listening. */
export function onSignedOut(listener: SignedOut): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The answer's data. Throws Problem when the server refused. */
export async function read<T>(call: Promise<FetchResult<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const path = response.url ? new URL(response.url).pathname : '';
  if (response.status === 401 && path !== '/api/v1/session') listeners.forEach((listener) => listener());
  throw problemFrom(error, response.status, path);
}

/** Drop empty values so that they do not travel as `?state=`. */
export function withoutEmpty<T extends Record<string, unknown>>(query: T): T {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null)) as T;
}
