import { Notifications } from '@kit/Notifications';
import { PreferencesRoot } from '@kit/preferences';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { createMemoryRouter, Outlet, RouterProvider, type RouteObject } from 'react-router';
import { vi } from 'vitest';
import openapi from '../openapi.json';

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

const operations = Object.entries(openapi.paths).flatMap(([path, methods]) => {
  const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
  return Object.keys(methods).map((method) => ({ method: method.toUpperCase(), pattern }));
});

/** Whether the API has this operation, written as `GET /api/v1/orders`. */
export function isOperation(key: string): boolean {
  const [method, path = ''] = key.split(' ');
  return operations.some((operation) => operation.method === method && operation.pattern.test(path));
}

/**
 * Answer requests from a table such as `'GET /api/v1/orders': () => page`; `otherwise` answers the rest. Returns the
 * requests received. Throws when the API has no such operation.
 */
export function mockServer(replies: Record<string, Reply>, otherwise?: Reply): RecordedRequest[] {
  const unknown = Object.keys(replies).filter((key) => !isOperation(key));
  if (unknown.length > 0) throw new Error(`openapi.json has no ${unknown.join(', ')}`);
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
    const reply = replies[`${item.method} ${item.path}`] ?? otherwise;
    const answer = reply ? reply(item) : new ProblemResponse(404, { detail: `no reply for ${item.method} ${item.path}`, status: 404 });
    const refused = answer instanceof ProblemResponse;
    const response = new Response(JSON.stringify(refused ? answer.problem : answer), {
      status: refused ? answer.status : 200,
      headers: { 'content-type': refused ? 'application/problem+json' : 'application/json' },
    });
    // Responses of a server know their address; those made in a test do not.
    return Object.defineProperty(response, 'url', { value: request.url });
  });
  return sent;
}

/** Render `routes` at `path` with the providers of the application. */
export function renderRoutes(routes: RouteObject[], path: string) {
  const root = (
    <Notifications>
      <Outlet />
    </Notifications>
  );
  const router = createMemoryRouter([{ element: root, children: routes }], { initialEntries: [path] });
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

/** Select `option` in the select labeled `label`. */
export async function chooseOption(label: string | RegExp, option: string): Promise<void> {
  await userEvent.click(screen.getByLabelText(label));
  const item = await waitFor(() => {
    const items = [...document.querySelectorAll('.ant-select-item-option-content')];
    const found = items.find((candidate) => candidate.textContent === option);
    if (found === undefined) throw new Error(`no option ${option}`);
    return found;
  });
  await userEvent.click(item);
}
