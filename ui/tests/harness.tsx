import { PreferencesRoot } from '@kit/preferences';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { createMemoryRouter, RouterProvider, type RouteObject } from 'react-router';
import { vi } from 'vitest';

export interface Sent {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

type Reply = (sent: Sent) => unknown;

export class Refusal {
  constructor(
    readonly status: number,
    readonly problem: Record<string, unknown>,
  ) {}
}

/** A server in a table: `'GET /api/v1/orders': () => page`. Returns everything that was sent. */
export function serve(replies: Record<string, Reply>): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const text = await request.clone().text();
    const item: Sent = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    sent.push(item);
    const reply = replies[`${item.method} ${item.path}`];
    const query = reply ? reply(item) : new Refusal(404, { detail: `no reply for ${item.method} ${item.path}`, status: 404 });
    const refused = query instanceof Refusal;
    return new Response(JSON.stringify(refused ? query.problem : query), {
      status: refused ? query.status : 200,
      headers: { 'content-type': refused ? 'application/problem+json' : 'application/json' },
    });
  });
  return sent;
}

/** Show `routes` at `path` as the app would. */
export function show(routes: RouteObject[], path: string) {
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queryClient}>
      <PreferencesRoot>
        <RouterProvider router={router} />
      </PreferencesRoot>
    </QueryClientProvider>,
  );
  return { router, queries: queryClient };
}
