import type { components } from '@client/schema';

type Schemas = components['schemas'];
export type CustomerOrder = Schemas['CustomerOrder'];
export type ChangeEffect = Schemas['ChangeEffect'];
export type ReturnConfirmation = Schemas['ReturnConfirmation'];
export type Address = CustomerOrder['ship_to'];

/** A refusal by the server: its status, and the field it is about. */
export class RequestFailed extends Error {
  constructor(
    readonly status: number,
    readonly where: string,
  ) {
    super(`the server responded with ${status}`);
  }
}

async function request<Body>(path: string, body?: object, key?: string): Promise<Body> {
  const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
  if (key) headers['idempotency-key'] = key;
  const response = await fetch(`/api/v1/public/orders/${path}`, {
    method: body ? 'POST' : 'GET',
    headers,
    body: body ? JSON.stringify(body) : null,
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  });
  const content: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestFailed(response.status, (content as { where?: string }).where ?? '');
  return content as Body;
}

export const lookUp = (number: string, proof: string) => request<{ token: string }>('lookup', { number, proof });
export const readOrder = (token: string) => request<CustomerOrder>(encodeURIComponent(token));
export const preview = (token: string, kind: 'address' | 'cancellation', body: object) =>
  request<ChangeEffect>(`${encodeURIComponent(token)}/${kind}/preview`, body);
export const apply = (token: string, kind: 'address' | 'cancellation', body: object, key: string) =>
  request<ChangeEffect>(`${encodeURIComponent(token)}/${kind}`, body, key);
export const startReturn = (token: string, body: object, key: string) =>
  request<ReturnConfirmation>(`${encodeURIComponent(token)}/returns`, body, key);
