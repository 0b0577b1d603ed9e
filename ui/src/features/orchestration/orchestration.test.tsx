import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { flow, flowCounts, flows, runs, session } from '@tests/fixtures.mjs';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import FlowPage from './FlowPage';
import FlowsPage from './FlowsPage';
import RunsPage from './RunsPage';
import { subjectPath } from './subjectPath';

const routes = [
  { path: '/flows', Component: FlowsPage },
  { path: '/flows/:name', Component: FlowPage },
  { path: '/my-work/runs', Component: RunsPage },
];
const [firstRun, secondRun] = runs;

describe('flows', () => {
  test('the list shows the starting event by its title, and links failed runs', async () => {
    mockServer({ 'GET /api/v1/flows': () => ({ items: flows }) });
    renderRoutes(routes, '/flows');
    const row = (await screen.findByRole('link', { name: 'Store order' })).closest('tr') as HTMLElement;
    expect(row).toHaveTextContent('Order created');
    expect(row).not.toHaveTextContent('order.created');
    expect(row).toHaveTextContent('841');
    expect(within(row).getByRole('link', { name: '8' })).toHaveAttribute('href', '/my-work/runs?flow=store-order');
    expect(screen.getByText('Inactive')).toBeInTheDocument();
  });

  test('without flows the page explains how to publish one', async () => {
    mockServer({ 'GET /api/v1/flows': () => ({ items: [] }) });
    renderRoutes(routes, '/flows');
    expect(await screen.findByText('No flows yet')).toBeInTheDocument();
    expect(screen.getByText('iom config apply')).toBeInTheDocument();
  });

  const flowReplies = (part: object = {}) => ({
    'GET /api/v1/flows/store-order': () => ({ ...flow, ...part }),
    'GET /api/v1/flows/store-order/counts': () => flowCounts,
    'GET /api/v1/runs': () => ({ items: [], next: null }),
  });

  test('problems of a flow are listed with their remedy', async () => {
    const problems = [{ where: 'send', what: 'leads to an unknown step', remedy: 'connect it to an existing step' }];
    mockServer(flowReplies({ problems }));
    renderRoutes(routes, '/flows/store-order');
    const list = await screen.findByRole('list', { name: 'Problems' });
    expect(list).toHaveTextContent('leads to an unknown step');
    expect(list).toHaveTextContent('connect it to an existing step');
  });

  test('a condition step shows its condition as a sentence', async () => {
    mockServer(flowReplies());
    renderRoutes(routes, '/flows/store-order?step=express');
    const drawer = await screen.findByRole('dialog');
    expect(within(drawer).getByText('Shipping method is Express')).toBeInTheDocument();
    expect(within(drawer).getByText('Show expression')).toBeInTheDocument();
    expect(await within(drawer).findByText('No runs at this step.')).toBeInTheDocument();
  });

  test('a step shows its settings in words and where its ports lead', async () => {
    mockServer(flowReplies());
    renderRoutes(routes, '/flows/store-order?step=send');
    const drawer = await screen.findByRole('dialog');
    expect(within(drawer).getByText('Provider call')).toBeInTheDocument();
    expect(within(drawer).getByText('Send to fulfillment')).toBeInTheDocument();
    expect(within(drawer).getByText('10 seconds')).toBeInTheDocument();
    expect(within(drawer).getByText('Wait for shipment')).toBeInTheDocument();
    expect(within(drawer).getByText('Stops for manual action')).toBeInTheDocument();
  });

  test('a step lists the runs at it, failed ones first', async () => {
    const requested: (string | null)[] = [];
    mockServer({
      ...flowReplies(),
      'GET /api/v1/runs': ({ query }) => {
        requested.push(query.get('state'));
        return { items: query.get('state') === 'failed' ? runs : [], next: null };
      },
    });
    renderRoutes(routes, '/flows/store-order?step=source');
    const drawer = await screen.findByRole('dialog');
    expect(await within(drawer).findByRole('link', { name: firstRun?.subject_label })).toHaveAttribute(
      'href',
      `/orders/${firstRun?.subject_id ?? ''}`,
    );
    expect(within(drawer).queryByRole('link', { name: secondRun?.subject_label })).toBeNull();
    expect(requested.toSorted()).toEqual(['failed', 'running']);
  });

  test('closing the drawer removes the step from the URL', async () => {
    mockServer(flowReplies());
    const { router } = renderRoutes(routes, '/flows/store-order?step=send');
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Close' }));
    expect(router.state.location.search).toBe('');
  });
});

describe('pausing a flow', () => {
  const paused = { ...flows[0]!, paused: true };
  const pauseReplies = (row: typeof paused) => ({
    'GET /api/v1/session': () => session,
    'GET /api/v1/flows': () => ({ items: [row] }),
    'POST /api/v1/flows/pause': () => ({ state: 'paused', released: 0 }),
    'POST /api/v1/flows/resume': () => ({ state: 'running', released: 3 }),
  });
  const button = async (name: string): Promise<HTMLElement> => {
    const found = await screen.findByRole('button', { name });
    await waitFor(() => expect(found).not.toHaveAttribute('aria-disabled'));
    return found;
  };

  test('says what it means before it is paused', async () => {
    const requests = mockServer(pauseReplies({ ...paused, paused: false }));
    renderRoutes(routes, '/flows');
    await userEvent.click(await button(`Pause ${paused.title}`));
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('Nothing is lost');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Pause flow' }));
    expect(await screen.findByText(`${paused.title} is paused`)).toBeVisible();
    expect(requests.find((request) => request.path === '/api/v1/flows/pause')?.body).toEqual({ names: [paused.name] });
  });

  test('a paused flow resumes with one click', async () => {
    const requests = mockServer(pauseReplies(paused));
    renderRoutes(routes, '/flows');
    expect(await screen.findByText('Paused')).toBeVisible();
    await userEvent.click(await button(`Resume ${paused.title}`));
    expect(await screen.findByText(`${paused.title} resumed. Its runs continue where they waited`)).toBeVisible();
    expect(requests.some((request) => request.path === '/api/v1/flows/resume')).toBe(true);
  });

  test('a refusal is shown in the dialog', async () => {
    mockServer({
      ...pauseReplies({ ...paused, paused: false }),
      'POST /api/v1/flows/pause': () => new ProblemResponse(404, { detail: 'no flow named store-order', status: 404 }),
    });
    renderRoutes(routes, '/flows');
    await userEvent.click(await button(`Pause ${paused.title}`));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Pause flow' }));
    expect(await screen.findByText('no flow named store-order')).toBeVisible();
  });
});

describe('runs', () => {
  const runReplies = (items: unknown[]) => ({
    'GET /api/v1/runs': () => ({ items, next: null }),
    'GET /api/v1/flows': () => ({ items: flows }),
  });

  test('failed runs are listed with the error and its remedy', async () => {
    const requests = mockServer(runReplies(runs));
    renderRoutes(routes, '/my-work/runs');
    const row = (await screen.findByRole('link', { name: firstRun?.subject_label })).closest('tr') as HTMLElement;
    expect(row).toHaveTextContent('No source has 3 of “CB-HUB”');
    expect(row).toHaveTextContent('Correct the cause and reprocess, or skip the step');
    expect(requests.find((request) => request.path === '/api/v1/runs')?.query.get('state')).toBe('failed');
  });

  test.each([
    ['Reprocess', 'Reprocess 1 run', '/api/v1/flow-runs/reprocess'],
    ['Skip step', 'Skip step 1 run', '/api/v1/flow-runs/skip'],
    ['Stop', 'Stop 1 run', '/api/v1/flow-runs/cancel'],
  ])('selected runs: %s', async (action, confirm, path) => {
    const requests = mockServer({
      ...runReplies(runs),
      [`POST ${path}`]: () => ({ results: [{ id: firstRun?.id, ok: true, reason: '' }] }),
    });
    renderRoutes(routes, '/my-work/runs');
    await userEvent.click(await screen.findByRole('checkbox', { name: `Select ${firstRun?.subject_label ?? ''}` }));
    await userEvent.click(screen.getByRole('button', { name: action }));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: confirm }));
    await waitFor(() => expect(requests.find((request) => request.path === path)?.body).toEqual({ run_ids: [firstRun?.id] }));
  });

  test('without failed runs the page explains what appears there', async () => {
    mockServer(runReplies([]));
    renderRoutes(routes, '/my-work/runs');
    expect(await screen.findByText('No failed runs')).toBeInTheDocument();
    expect(screen.getByText('Runs appear here when a step fails after all retries.')).toBeInTheDocument();
  });

  test('other states have a title of their own', async () => {
    mockServer(runReplies([]));
    renderRoutes(routes, '/my-work/runs?state=running');
    expect(await screen.findByRole('heading', { level: 1, name: 'Runs' })).toBeInTheDocument();
    expect(await screen.findByRole('button', { name: 'Clear filters' })).toBeInTheDocument();
  });
});

test.each([
  ['order', '/orders/1'],
  ['fulfillment_order', '/fulfillment-orders/1'],
  ['shipment', undefined],
])('the page of a run about a %s is %s', (subject_type, path) => {
  expect(subjectPath({ subject_type, subject_id: '1' })).toBe(path);
});
