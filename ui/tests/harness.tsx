import { PreferencesRoot } from '@kit/preferences';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { createMemoryRouter, RouterProvider, type RouteObject } from 'react-router';
import { vi } from 'vitest';

export interface RecordedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

type Reply = (sent: RecordedRequest) => unknown;

export class ProblemResponse {
  constructor(
    readonly status: number,
    readonly problem: Record<string, unknown>,
  ) {}
}

/** A server in a table: `'GET /api/v1/orders': () => page`. Returns everything that was sent. */
export function mockServer(replies: Record<string, Reply>): RecordedRequest[] {
  const sent: RecordedRequest[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const text = await request.clone().text();
    const item: RecordedRequest = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    sent.push(item);
    const reply = replies[`${item.method} ${item.path}`];
    const query = reply ? reply(item) : new ProblemResponse(404, { detail: `no reply for ${item.method} ${item.path}`, status: 404 });
    const refused = query instanceof ProblemResponse;
    return new Response(JSON.stringify(refused ? query.problem : query), {
      status: refused ? query.status : 200,
      headers: { 'content-type': refused ? 'application/problem+json' : 'application/json' },
    });
  });
  return sent;
}

/** Show `routes` at `path` as the app would. */
export function renderRoutes(routes: RouteObject[], path: string) {
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
