import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { mockServer, ProblemResponse, renderRoutes } from '@tests/harness';
import { figures, simulation, summary } from '@tests/simulationFixtures';
import type { SimulationView } from '@client/sourcing';
import SimulationPage from './SimulationPage';

const routes = [
  { path: '/simulations/:id', Component: SimulationPage },
  { path: '/simulations/new', element: <h1>New simulation</h1> },
];

/** Open the page of a simulation as a user with these permissions. */
function openSimulation(view: SimulationView, permissions = ['*']) {
  const requests = mockServer({
    'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions, environment: 'dev' }),
    'GET /api/v1/simulations/s1': () => view,
    'GET /api/v1/sources': () => ({ items: [{ name: 'CHI', title: 'Chicago', latitude: 41.9, longitude: -87.6 }] }),
  });
  return { requests, ...renderRoutes(routes, '/simulations/s1') };
}
const commitButton = () => screen.findByRole('button', { name: 'Commit changes' });
const row = async (name: string) => (await screen.findByText(name)).closest('div')!;

describe('a simulation cannot be committed', () => {
  test.each<[string, Partial<SimulationView>, string]>([
    ['while it waits', { state: 'waiting', summary: null }, 'Only a finished simulation can be committed'],
    ['while it runs', { state: 'running', summary: null }, 'Only a finished simulation can be committed'],
    ['after a failure', { state: 'failed', summary: null }, 'Only a finished simulation can be committed'],
    ['twice', { committed_at: '2026-11-22T12:00:00Z' }, 'Already committed'],
    ['without changes', { changed: [] }, 'No configuration changes to commit'],
    [
      'when every document is unchanged',
      { changed: [{ kind: 'source', name: 'SEA', change: 'unchanged', paths: [] }] },
      'No configuration changes to commit',
    ],
  ])('%s', async (_, part, reason) => {
    openSimulation(simulation(part));
    await screen.findByRole('heading', { name: 'Close Seattle' });
    const button = await commitButton();
    expect(button).toHaveAttribute('aria-disabled', 'true');
    expect(button).toHaveAccessibleDescription(reason);
    await userEvent.click(button);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  test('without permission to change the configuration', async () => {
    openSimulation(simulation(), ['sourcing.read', 'sourcing.write']);
    await screen.findByRole('heading', { name: 'Close Seattle' });
    expect(await commitButton()).toHaveAccessibleDescription('Your role may not change the configuration');
    expect(screen.getByRole('button', { name: 'Clone and change' })).not.toHaveAttribute('aria-disabled');
  });
});

test('without permission to simulate, cloning explains why it is disabled', async () => {
  const { router } = openSimulation(simulation(), ['sourcing.read']);
  const clone = await screen.findByRole('button', { name: 'Clone and change' });
  expect(clone).toHaveAccessibleDescription('Your role may not run simulations');
  await userEvent.click(clone);
  expect(router.state.location.pathname).toBe('/simulations/s1');
});

test('cloning opens the wizard with the original', async () => {
  const { router } = openSimulation(simulation());
  const clone = await screen.findByRole('button', { name: 'Clone and change' });
  await userEvent.click(clone);
  expect(await screen.findByRole('heading', { name: 'New simulation' })).toBeVisible();
  expect(router.state.location.search).toBe('?clone=s1');
});

test('a waiting simulation shows that it needs a worker', async () => {
  openSimulation(simulation({ state: 'waiting', summary: null, runs_done: 0, progress: 0 }));
  expect(await screen.findByRole('heading', { name: 'Waiting for a worker' })).toBeVisible();
  expect(screen.getByText('0 of 12 runs')).toBeVisible();
});

test('a running simulation shows its progress', async () => {
  openSimulation(simulation({ state: 'running', summary: null, runs_done: 3, progress: 0.25 }));
  const progress = await screen.findByRole('progressbar', { name: 'Runs done' });
  expect(progress).toHaveAttribute('aria-valuenow', '3');
  expect(progress).toHaveAttribute('aria-valuemax', '12');
  expect(progress.querySelector('i')).toHaveStyle({ width: '25%' });
  expect(screen.getByText('Run 4 of 12')).toBeVisible();
  expect(screen.queryByText('Metrics')).toBeNull();
});

test('a failed simulation shows the error and what to do', async () => {
  openSimulation(simulation({ state: 'failed', summary: null, error: 'No orders between these dates' }));
  const alert = await screen.findByRole('alert');
  expect(alert).toHaveTextContent('The simulation failed');
  expect(alert).toHaveTextContent('No orders between these dates');
  expect(alert).toHaveTextContent('Clone the simulation, correct its settings and run it again.');
});

test('an unknown simulation shows the problem', async () => {
  mockServer({
    'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' }),
    'GET /api/v1/simulations/s1': () => new ProblemResponse(404, { detail: 'Simulation s1 does not exist', status: 404 }),
  });
  renderRoutes(routes, '/simulations/s1');
  expect(await screen.findByText('Simulation s1 does not exist')).toBeVisible();
  expect(screen.getByRole('heading', { name: 'Simulation' })).toBeVisible();
});

describe('metrics', () => {
  test('a metric with the same value in all runs has no bounds', async () => {
    const scenario = { ...figures(120), kpis: { orders: { mean: 11, lower: 11, upper: 11 } } };
    openSimulation(simulation({ summary: { ...summary, scenario, difference: {} } }));
    const metric = (await screen.findByText('same in all runs')).closest('.kpi');
    expect(metric).toHaveTextContent('Orders11same in all runs');
  });

  test('an insignificant difference says so and has no direction', async () => {
    const difference = { cost: { mean: 20, lower: -2, upper: 42, certain: false } };
    openSimulation(simulation({ summary: { ...summary, difference } }));
    const delta = (await screen.findByText(', not significant')).closest('.delta');
    expect(delta).toHaveTextContent('+20.00 vs. 100.00, not significant');
    expect(delta).toHaveAttribute('data-way', 'even');
  });

  test('a difference of exactly zero is no change', async () => {
    const difference = { cost: { mean: 0, lower: 0, upper: 0, certain: true } };
    openSimulation(simulation({ summary: { ...summary, difference } }));
    expect(await screen.findByText('no change')).toHaveAttribute('data-way', 'even');
  });

  test('a lower cost is an improvement', async () => {
    const difference = { cost: { mean: -20, lower: -22, upper: -18, certain: true } };
    openSimulation(simulation({ summary: { ...summary, difference } }));
    expect((await screen.findByText('−20.00')).closest('.delta')).toHaveAttribute('data-way', 'better');
  });

  test('order satisfaction is shown in percent for both configurations', async () => {
    openSimulation(simulation());
    const card = (await screen.findByRole('heading', { name: 'Order satisfaction' })).closest('section')!;
    expect(within(card).getAllByText('In full 81.8% · In part 9.1% · Not fulfilled 9.1%')).toHaveLength(2);
    expect(within(card).getByText('With changes')).toBeVisible();
    expect(within(card).getByText('Current configuration')).toBeVisible();
  });

  test('order satisfaction without orders is zero percent', async () => {
    const noOrders = { ...figures(0), kpis: { orders: { mean: 0, lower: 0, upper: 0 } } };
    openSimulation(simulation({ summary: { ...summary, scenario: noOrders, baseline: noOrders, difference: {} } }));
    const card = (await screen.findByRole('heading', { name: 'Order satisfaction' })).closest('section')!;
    expect(within(card).getAllByText('In full 0% · In part 0% · Not fulfilled 0%')).toHaveLength(2);
  });
});

describe('results by source', () => {
  test('each source has its parcels, bounds and difference', async () => {
    openSimulation(simulation());
    await userEvent.click(await screen.findByText('By source'));
    const chicago = (await screen.findByRole('cell', { name: 'CHI' })).closest('tr')!;
    expect(
      within(chicago)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    ).toEqual(['CHI', '7', '8', '9', '400', '2', '4', '+3']);
    expect(within(chicago).getAllByRole('cell')[1]).toHaveAttribute('title', '6 to 8');
  });

  test('sources are sorted by parcels, and one that is no longer used is listed last', async () => {
    const by_source = { ...figures(120).by_source, LAX: { parcels: { mean: 9, lower: 9, upper: 9 } } };
    const baseline = { ...figures(100), by_source: { SEA: { parcels: { mean: 30, lower: 30, upper: 30 } } } };
    openSimulation(simulation({ summary: { ...summary, scenario: { ...figures(120), by_source }, baseline } }));
    await userEvent.click(await screen.findByText('By source'));
    await screen.findByRole('cell', { name: 'CHI' });
    const names = screen
      .getAllByRole('row')
      .slice(1)
      .map((item) => within(item).getAllByRole('cell')[0]?.textContent);
    expect(names).toEqual(['LAX', 'CHI', 'SEA']);
    const seattle = screen.getByRole('cell', { name: 'SEA' }).closest('tr')!;
    expect(within(seattle).getAllByRole('cell').at(-1)).toHaveTextContent('−30');
  });
});

describe('settings', () => {
  test('the demand, the strategy, the runs and the duration are shown', async () => {
    openSimulation(simulation());
    expect(await row('Demand')).toHaveTextContent('Past orders');
    expect(await row('Days')).toHaveTextContent('2026-11-20 to 2026-11-21');
    expect(await row('Based on')).toHaveTextContent('77 orders, 1,400 lines');
    expect(await row('Strategy')).toHaveTextContent('Default strategy');
    expect(await row('Stock')).toHaveTextContent('Scheduled supply');
    expect(await row('Runs')).toHaveTextContent('12, seed 1');
    expect(await row('Duration')).toHaveTextContent('2 s');
    expect(screen.queryByText('Committed by')).toBeNull();
    expect(screen.getByText('SEA is closed')).toBeVisible();
  });

  test('a committed clone names its original and who committed it', async () => {
    const { request } = simulation();
    openSimulation(
      simulation({
        committed_at: '2026-11-22T12:00:00Z',
        committed_by: 'Omar',
        cloned_from: 's0',
        request: {
          ...request,
          strategy: 'west',
          replenish_days: 7,
          demand: { kind: 'future', from: '2026-12-01', to: '2026-12-31', multiplier: 1.5 },
        },
      }),
    );
    expect(await row('Committed by')).toHaveTextContent('Omar');
    expect(await row('Demand')).toHaveTextContent('Forecast from past orders');
    expect(await row('Multiplier')).toHaveTextContent('× 1.5');
    expect(await row('Strategy')).toHaveTextContent('west');
    expect(await row('Stock')).toHaveTextContent('Scheduled supply, replenished every 7 days');
    expect(screen.getByRole('link', { name: 'View original' })).toHaveAttribute('href', '/simulations/s0');
  });
});

describe('committing', () => {
  test('a rejected commit keeps the dialog open with the reason', async () => {
    mockServer({
      'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' }),
      'GET /api/v1/simulations/s1': () => simulation(),
      'POST /api/v1/simulations/s1/commit': () =>
        new ProblemResponse(409, {
          detail: 'Source SEA has changed since the simulation',
          remedy: 'Run the simulation again',
          status: 409,
        }),
    });
    renderRoutes(routes, '/simulations/s1');
    const button = await commitButton();
    await screen.findByText('120.00 EUR');
    await userEvent.click(button);
    const dialog = await screen.findByRole('dialog', { name: 'Commit Close Seattle' });
    const change = within(dialog).getByText('SEA').closest('tr');
    expect(change).toHaveTextContent('SEASource ChangedActiveyesno');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Commit 1 document' }));
    expect(await within(dialog).findByText('Source SEA has changed since the simulation')).toBeVisible();
    expect(within(dialog).getByText('Run the simulation again')).toBeVisible();
  });
});
