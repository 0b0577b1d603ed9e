import createClient from 'openapi-fetch';
import { problemFrom } from './problem';
import type { paths } from './schema';

const SESSION_PATH = '/api/v1/session';

/** Sign in over the page; resolves to whether the user is signed in again. */
type Renewal = () => Promise<boolean>;
let renewal: Renewal | undefined;
let pendingRenewal: Promise<boolean> | undefined;

/** Register how an expired session is renewed. Returns a function that removes it. */
export function onSessionExpired(renew: Renewal): () => void {
  renewal = renew;
  return () => {
    if (renewal === renew) renewal = undefined;
  };
}

/** Renew the session once, however many requests need it at the same time. */
function renewSession(): Promise<boolean> {
  if (renewal === undefined) return Promise.resolve(false);
  pendingRenewal ??= renewal().finally(() => {
    pendingRenewal = undefined;
  });
  return pendingRenewal;
}

/** Send a request. When the session has expired, it is repeated after the user has signed in again. */
async function send(request: Request): Promise<Response> {
  const repeated = request.clone();
  const response = await globalThis.fetch(request);
  const isSession = new URL(request.url).pathname === SESSION_PATH;
  if (response.status !== 401 || isSession || !(await renewSession())) return response;
  return globalThis.fetch(repeated);
}

const options = { baseUrl: window.location.origin, credentials: 'same-origin', fetch: send } as const;

/** API client: same origin, session cookie, typed by the OpenAPI document. */
export const api = createClient<paths>(options);

/** A client of routes that another package adds to the server; the OpenAPI document does not have them. */
export const createExtensionClient = <Paths extends object>() => createClient<Paths>(options);

interface FetchResult<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

type SignedOut = () => void;
const listeners = new Set<SignedOut>();

/** Register a listener for a session that has expired and was not renewed. Returns a function that removes it. */
export function onSignedOut(listener: SignedOut): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the data of a response. Throws `Problem` when the request was rejected. */
export async function read<T>(call: Promise<FetchResult<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const path = response.url ? new URL(response.url).pathname : '';
  if (response.status === 401 && path !== SESSION_PATH) listeners.forEach((listener) => listener());
  throw problemFrom(error, response.status, path);
}

/** Return the query without empty values, which would be sent as `?state=`. */
export function withoutEmpty<T extends Record<string, unknown>>(query: T): T {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null)) as T;
}
