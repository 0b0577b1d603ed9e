import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { routes } from './routes';

const session = { name: 'Dana Whitaker', email: 'dana@fabrikam.example', permissions: ['*'], environment: 'Sandbox' };
const pages = (routes[0]?.children?.[0]?.children ?? []).flatMap((route) =>
  route.path === '*' ? [] : [{ path: `/${route.path ?? ''}`, lazy: route.lazy }],
);
const unavailable = new ProblemResponse(503, {
  detail: 'The database is being upgraded',
  remedy: 'Try again in a minute',
  reference: '7f3a9c',
  status: 503,
});

/** The path with example values for its parameters. */
const example = (path: string): string => path.replaceAll(/:\w+/g, 'x1');
const pathsOf = (requests: RecordedRequest[]): string[] => requests.map((request) => `${request.method} ${request.path}`);

beforeEach(() => vi.spyOn(console, 'error').mockImplementation(() => undefined));

test('all pages of the application are covered', () => {
  expect(pages).toHaveLength(49);
});

describe('when the server is not available, the page explains why and can be retried', () => {
  /** Pages that request nothing before the user has chosen something. */
  const withoutRequests = ['/simulations/new', '/quote', '/inventory/promise', '/simulations/compare'];

  test.each(pages.filter(({ path }) => !withoutRequests.includes(path)).map(({ path }) => path))('%s', async (path) => {
    let available = false;
    const requests = mockServer({ 'GET /api/v1/session': () => session }, () =>
      available ? new ProblemResponse(404, { detail: 'Not found', status: 404 }) : unavailable,
    );
    renderRoutes(pages, example(path));
    const [problem] = await screen.findAllByText('The database is being upgraded');
    const alert = problem!.closest('[role=alert]');
    expect(alert).toHaveTextContent('Try again in a minute');
    expect(alert).toHaveTextContent('Reference: 7f3a9c');
    expect(screen.getByRole('heading', { level: 1 })).not.toBeEmptyDOMElement();
    const before = pathsOf(requests).length;
    available = true;
    await userEvent.click(screen.getAllByRole('button', { name: 'Try again' })[0]!);
    await waitFor(() => expect(pathsOf(requests).length).toBeGreaterThan(before));
  });
});
