import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { ProblemResponse, mockServer, renderRoutes } from '@tests/harness';
import { ticksOf } from '@kit/BandChart';
import CompareSimulationsPage from '../simulations/CompareSimulationsPage';
import { dayLabel, formatKpi, formatDifference, differenceDirection } from '../simulations/kpis';
import PlanPage from './PlanPage';
import PlansPage from './PlansPage';
import ShadowPricesPage from './ShadowPricesPage';
import SimulationPage from '../simulations/SimulationPage';
import SimulationsPage from '../simulations/SimulationsPage';
import SimulationWizard from '../simulations/SimulationWizard';
import { describeChanges, scenarioStrategyName } from '../simulations/describeChanges';

const routes = [
  { path: '/plans', Component: PlansPage },
  { path: '/plans/:id', Component: PlanPage },
  { path: '/shadow-prices', Component: ShadowPricesPage },
  { path: '/simulations', Component: SimulationsPage },
  { path: '/simulations/new', Component: SimulationWizard },
  { path: '/simulations/compare', Component: CompareSimulationsPage },
  { path: '/simulations/:id', Component: SimulationPage },
];
const at = '2026-11-21T12:00:00Z';
const around = {
  'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' }),
  'GET /api/v1/configuration': () => ({ documents: [] }),
  'GET /api/v1/sources': () => ({ items: [{ name: 'CHI', title: 'Chicago', active: true, latitude: 41, longitude: -87, country: 'US' }] }),
  'GET /api/v1/products': () => ({ items: [] }),
};
const plan = {
  ...{ id: 'p1', planned_at: at, strategy: 'everyday', mode: 'batch', method: 'batch', orders: 2, lines: 3, open_lines: 1 },
  ...{ cost: 273.03, lower_bound: 270, gap: 0.0112, seconds: 0.061, moves: 0, currency: 'EUR' },
};
const decided = [
  { decision_id: 'd1', order_id: 'o1', complete: true, cost: 7.27, parts: {}, sources: ['SEA'] },
  { decision_id: 'd2', order_id: 'o2', complete: false, cost: 500, parts: {}, sources: [] },
];
const candidate = (source: string, part: object) => ({
  ...{ source, chosen: false, quantity: 0, on_hand: 5, cost: { parcel: 6, carriage: 1.5 }, total: 7.5, refused: '', wins_with: [] },
  ...part,
});
const explained = {
  ...{ order_id: 'o1', at, strategy: 'everyday', cost: 7.27, currency: 'EUR', parts: { parcel: 6, carriage: 1.27 } },
  lines: [
    {
      ...{ line_id: 'l1', product: 'LAMP', quantity: 2, assigned: 'SEA', source: 'SEA', considered: 3 },
      candidates: [
        candidate('SEA', { chosen: true, quantity: 2, total: 7.27 }),
        candidate('CHI', { wins_with: [{ changes: [], single: true, verified: true, text: '0.96 EUR off' }] }),
        candidate('NYC', {
          refused: 'nothing on hand',
          on_hand: 0,
          wins_with: [{ changes: [], single: true, verified: false, text: '1 more on the shelf' }],
        }),
      ],
    },
  ],
};

test('a plan shows its cost, lower bound and gap', async () => {
  const sent = mockServer({ ...around, 'GET /api/v1/sourcing/plans': () => ({ items: [plan], next: null }) });
  renderRoutes(routes, '/plans?mode=batch');
  const row = (await screen.findByText('everyday')).closest('tr');
  expect(row).toHaveTextContent('273.03 EUR');
  expect(row).toHaveTextContent('270.00 EUR');
  expect(row).toHaveTextContent('1.12%');
  expect(row).toHaveTextContent('61 ms');
  expect(sent.find((item) => item.path === '/api/v1/sourcing/plans')?.query.get('mode')).toBe('batch');
});

test('an order of a plan shows every candidate with the change needed to choose it', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/sourcing/plans/p1': () => ({ ...plan, parts: { parcel: 250, open: 23.03 }, items: decided, moved: [], next: null }),
    'GET /api/v1/orders': () => ({ items: [{ id: 'o1', number: '1188', customer_name: 'Ana Souza' }] }),
    'POST /api/v1/sourcing/explain': () => explained,
    'GET /api/v1/orders/o1/sourcing': () => ({ decisions: [] }),
  });
  renderRoutes(routes, '/plans/p1');
  expect(await screen.findByRole('link', { name: '1188' })).toBeInTheDocument();
  expect(screen.getByText('Not fully sourced')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Explain order 1188' }));
  const drawer = await screen.findByRole('dialog');
  const chicago = (await within(drawer).findByText('CHI')).closest('tr') as HTMLElement;
  expect(chicago).toHaveTextContent('Costs more');
  expect(chicago).toHaveTextContent('0.96 EUR off');
  expect(within(chicago).getByText('Verified')).toBeInTheDocument();
  const york = within(drawer).getByText('NYC').closest('tr') as HTMLElement;
  expect(york).toHaveTextContent('Nothing on hand');
  expect(york).toHaveTextContent('1 more on the shelf');
  expect(within(york).queryByText('Verified')).toBeNull();
  expect(sent.find((item) => item.method === 'POST')?.body).toMatchObject({ order_id: 'o1' });
});

test('an order without open quantity shows its original decision', async () => {
  const selected = [{ line_id: 'l1', source: 'SEA', quantity: 2 }];
  const item = { line_id: 'l1', source: 'SEA', chosen: true, on_hand: 5, cost: { parcel: 6 }, total: 6, refused: '' };
  mockServer({
    ...around,
    'GET /api/v1/sourcing/plans/p1': () => ({ ...plan, parts: {}, items: decided, moved: [], next: null }),
    'GET /api/v1/orders': () => ({ items: [] }),
    'POST /api/v1/sourcing/explain': () =>
      new ProblemResponse(404, { detail: 'the order has no line with units left to ship', status: 404 }),
    'GET /api/v1/orders/o1/sourcing': () => ({
      decisions: [
        {
          id: 'd1',
          at,
          strategy: 'everyday',
          complete: true,
          cost: 7.27,
          currency: 'EUR',
          parts: {},
          considered: 6,
          note: '',
          chosen: selected,
          candidates: [item],
        },
      ],
    }),
  });
  renderRoutes(routes, '/plans/p1?order=o1');
  const drawer = await screen.findByRole('dialog');
  expect(await within(drawer).findByText('Chosen')).toBeInTheDocument();
  expect(within(drawer).getByText(/2 from SEA/)).toBeInTheDocument();
  await userEvent.click(within(drawer).getByText('Current plan'));
  expect(within(drawer).getByText(/This order has no open quantity/)).toBeInTheDocument();
});

test('a shadow price is a sentence, and verified savings are marked', async () => {
  const price = { title: 'Dallas', latitude: 32, longitude: -96, price: 1.99 };
  mockServer({
    ...around,
    'GET /api/v1/sourcing/shadow-prices': () => ({
      ...{ plan_id: 'p1', strategy: 'everyday', at, total: 3, currency: 'EUR' },
      items: [
        { ...price, source: 'DAL', product: 'LAMP', saving: 4.1 },
        { ...price, source: 'DAL', product: null, saving: 0 },
        { ...price, source: 'CHI', product: 'LAMP', saving: null },
      ],
    }),
  });
  renderRoutes(routes, '/shadow-prices');
  expect(await screen.findByText('One more unit of LAMP at DAL saves 4.10 EUR')).toBeInTheDocument();
  expect(screen.getByText('One more parcel per day at DAL saves nothing')).toBeInTheDocument();
  expect(screen.getByText('One more unit of LAMP at CHI is worth up to 1.99 EUR')).toBeInTheDocument();
  expect(screen.getAllByText('Verified')).toHaveLength(2);
});

test('the page explains shadow prices while there are none', async () => {
  mockServer({
    ...around,
    'GET /api/v1/sourcing/shadow-prices': () => new ProblemResponse(404, { detail: 'no batch has left prices yet', status: 404 }),
  });
  renderRoutes(routes, '/shadow-prices');
  expect(await screen.findByRole('heading', { name: 'No shadow prices yet' })).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Go to strategies' })).toHaveAttribute('href', '/strategies');
});

const band = (mean: number) => ({ mean, lower: mean - 1, upper: mean + 1 });
const daily = { orders: { mean: [5, 6], lower: [4, 5], upper: [6, 7] } };
const figures = (cost: number) => ({
  kpis: { cost: band(cost), orders: band(11), orders_in_full: band(9), orders_in_part: band(1), orders_unfulfilled: band(1) },
  daily,
  by_source: { CHI: { parcels: band(7), lines: band(8), units: band(9), avg_distance_km: band(400), days_used: band(2) } },
});
const row = {
  ...{
    id: 's1',
    name: 'Close Seattle',
    description: '',
    template: 'source_optimization',
    state: 'finished',
    progress: 1,
    runs: 12,
    runs_done: 12,
  },
  ...{ created_at: at, created_by: 'dana', finished_at: at, committed_at: null, cloned_from: null, error: '', cost_currency: 'EUR' },
  ...{ cost: band(120), cost_difference: { ...band(20), certain: true } },
};
const view = {
  ...row,
  ...{ currency: 'USD', basis_orders: 77, basis_lines: 140, started_at: at, committed_by: '' },
  request: {
    ...{ name: row.name, description: '', template: row.template, strategy: '', replenish_days: null, runs: 12, seed: 1 },
    demand: { kind: 'past', from: '2026-11-20', to: '2026-11-21', multiplier: 1 },
    changes: {
      closed_sources: ['SEA'],
      new_sources: [],
      constraints: [],
      strategy: null,
      demand_multiplier: 1,
      demand_products: [],
      new_products: [],
    },
  },
  changed: [{ kind: 'source', name: 'SEA', change: 'changed', paths: [{ path: 'active', before: true, after: false }] }],
  summary: { baseline: figures(100), scenario: figures(120), difference: { cost: { mean: 20, lower: 18, upper: 22, certain: true } } },
};

test('two finished simulations are chosen and compared', async () => {
  mockServer({
    ...around,
    'GET /api/v1/simulations': () => ({
      items: [row, { ...row, id: 's2', name: 'Two parcels' }, { ...row, id: 's3', name: 'Still going', state: 'running', runs_done: 3 }],
      next: null,
    }),
    'POST /api/v1/simulations/compare': () => ({
      columns: ['s1', 's2'].map((id) => ({
        id,
        name: id,
        description: '',
        template: row.template,
        from: '2026-11-20',
        to: '2026-11-21',
        sources: 5,
        constraints: 2,
        ...{ currency: 'USD', cost_currency: 'EUR' },
        kpis: { cost: band(id === 's1' ? 120 : 90) },
      })),
      difference: [null, { cost: { mean: -30, lower: -32, upper: -28, certain: true } }],
    }),
  });
  const { router } = renderRoutes(routes, '/simulations');
  expect(await screen.findByText('Run 4 of 12')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select Close Seattle' }));
  expect(screen.getByRole('button', { name: 'Compare side by side' })).toHaveAttribute('aria-disabled', 'true');
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select Two parcels' }));
  await userEvent.click(screen.getByRole('button', { name: 'Compare side by side' }));
  expect(await screen.findByText('−30.00')).toHaveAttribute('data-way', 'better');
  expect(router.state.location.search).toBe('?ids=s1,s2');
});

test('a finished simulation shows bounds and differences, and its commit lists the changes', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/simulations/s1': () => view,
    'POST /api/v1/simulations/s1/commit': () => ({ committed: true, changed: view.changed }),
  });
  renderRoutes(routes, '/simulations/s1');
  expect(await screen.findByText('120.00 EUR')).toBeInTheDocument();
  expect(screen.getByText('lower 119.00')).toBeInTheDocument();
  expect(screen.getByText('upper 121.00')).toBeInTheDocument();
  expect(screen.getByText('vs. 100.00').closest('.delta')).toHaveTextContent('+20.00 vs. 100.00');
  expect(screen.getByText('vs. 100.00').closest('.delta')).toHaveAttribute('data-way', 'worse');
  expect(screen.getByRole('img', { name: 'Orders per day' })).toBeInTheDocument();
  expect(screen.getByText('SEA is closed')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Commit changes' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText('Active').closest('tr')).toHaveTextContent('yesno');
  expect(sent.some((item) => item.method === 'POST')).toBe(false);
  await userEvent.click(within(dialog).getByRole('button', { name: 'Commit 1 document' }));
  await waitFor(() => expect(sent.some((entry) => entry.path.endsWith('/commit'))).toBe(true));
});

test('the wizard requires a name, excludes a source and starts the simulation', async () => {
  const sent = mockServer({
    ...around,
    'POST /api/v1/simulations': () => ({ ...view, state: 'waiting', progress: 0, runs_done: 0, summary: null }),
    'GET /api/v1/simulations/s1': () => ({ ...view, state: 'running', progress: 0.25, runs_done: 3, summary: null }),
  });
  const { router } = renderRoutes(routes, '/simulations/new');
  await userEvent.click(await screen.findByRole('button', { name: '6. Run' }));
  await waitFor(() => expect(screen.getByRole('button', { name: 'Run 20 times' })).toHaveAccessibleDescription('Enter a name'));
  await userEvent.click(screen.getByRole('button', { name: '1. Template' }));
  await userEvent.type(screen.getByLabelText('Name'), 'Close Chicago');
  await userEvent.click(screen.getByRole('button', { name: '3. Sources' }));
  await userEvent.click(await screen.findByRole('checkbox', { name: /CHI/ }));
  await userEvent.click(screen.getByRole('button', { name: '6. Run' }));
  expect(screen.getByText('CHI is closed')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Run 20 times' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/simulations/s1'));
  expect(sent.find((item) => item.method === 'POST')?.body).toMatchObject({
    name: 'Close Chicago',
    demand: { kind: 'past', multiplier: 1 },
    changes: { closed_sources: ['CHI'] },
    runs: 20,
  });
  expect(await screen.findByRole('progressbar', { name: 'Runs done' })).toHaveAttribute('aria-valuenow', '3');
});

test('a clone keeps the demand of its original and sends only the changes', async () => {
  const sent = mockServer({
    ...around,
    'GET /api/v1/simulations/s1': () => view,
    'POST /api/v1/simulations/s1/clone': () => ({ ...view, id: 's9' }),
    'GET /api/v1/simulations/s9': () => ({ ...view, id: 's9' }),
  });
  renderRoutes(routes, '/simulations/new?clone=s1');
  await userEvent.click(await screen.findByRole('button', { name: '6. Run' }));
  await waitFor(() => expect(screen.getByRole('button', { name: 'Run 12 times' })).not.toHaveAttribute('aria-disabled'));
  await userEvent.click(screen.getByRole('button', { name: 'Run 12 times' }));
  await waitFor(() => expect(sent.some((item) => item.path.endsWith('/clone'))).toBe(true));
  const body = sent.find((entry) => entry.path.endsWith('/clone'))?.body as Record<string, unknown>;
  expect(body).toMatchObject({ name: 'Close Seattle, changed', changes: { closed_sources: ['SEA'] } });
  expect(Object.keys(body)).not.toContain('demand');
});

test('KPIs have units, differences have signs, and only significant ones are rated', () => {
  expect(formatKpi('avg_fulfillment_distance_km', 570.344)).toBe('570.34 km');
  expect(formatKpi('revenue', 166_450, 'USD')).toBe('166.45K USD');
  expect(formatKpi('fill_rate', 0.0619)).toBe('6.2%');
  expect(formatDifference('cost', -0.1)).toBe('−0.10');
  expect(formatDifference('fill_rate', -0.0001)).toBe('±0%');
  const difference = { mean: -3, lower: -5, upper: -1, certain: true };
  expect(differenceDirection('cost', difference)).toBe('better');
  expect(differenceDirection('revenue', difference)).toBe('worse');
  expect(differenceDirection('cost', { ...difference, certain: false })).toBe('even');
  expect(differenceDirection('orders', difference)).toBe('even');
  expect(dayLabel('2026-11-30', 1)).toBe('Dec 1');
});

test('changes are described one by one', () => {
  expect(describeChanges(undefined)).toEqual(['No changes']);
  expect(
    describeChanges({
      ...view.request.changes,
      constraints: [{ name: 'near', body: null }],
      demand_multiplier: 1.5,
      demand_products: ['LAMP'],
    }),
  ).toEqual(['SEA is closed', 'Constraint near is removed', 'Demand multiplied by 1.5 for LAMP']);
});

test('the scenario uses its own strategy, else that of the baseline, else the default', () => {
  const marked = [{ kind: 'strategy', name: 'everyday', body: { is_default: true } }];
  const request = { strategy: '', changes: { ...view.request.changes, strategy: { name: '', body: {} } } };
  expect(scenarioStrategyName(request, marked)).toBe('everyday');
  expect(scenarioStrategyName(request, [])).toBe('default');
  expect(scenarioStrategyName({ ...request, strategy: 'west' }, marked)).toBe('west');
});

test.each([
  [0, 10, [0, 5, 10]],
  [92, 98, [92, 94, 96, 98]],
  [5, 5, [0, 2, 4, 6]],
])('an axis from %d to %d has round steps', (low, high, expected) => {
  const ticks = ticksOf(low, high);
  expect(ticks[0]).toBeLessThanOrEqual(low);
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
  expect(ticks).toEqual(expected);
});
