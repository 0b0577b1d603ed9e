import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test, vi } from 'vitest';
import { chooseOption, mockServer, ProblemResponse, type RecordedRequest, renderRoutes } from '@tests/harness';
import { noChanges, simulation } from '@tests/simulationFixtures';
import SimulationWizard from './SimulationWizard';
import { StockField } from './WizardSteps';

const routes = [
  { path: '/simulations/new', Component: SimulationWizard },
  { path: '/simulations/:id', element: <h1>Simulation page</h1> },
];
const documents: Record<string, object[]> = {
  strategy: [{ kind: 'strategy', name: 'everyday', body: { is_default: true, constraints: ['near'], allow_partial: true } }],
  constraint: [
    { kind: 'constraint', name: 'near', body: { title: 'Near the buyer', type: 'maximum_distance', entries: [{ distance: 900 }] } },
    { kind: 'constraint', name: 'two', body: { title: 'Two sources', type: 'maximum_sources_per_order', maximum: 2 } },
  ],
};

function openWizard({
  permissions = ['*'],
  replies = {},
  search = '',
}: { permissions?: string[]; replies?: Record<string, () => unknown>; search?: string } = {}) {
  const requests = mockServer({
    'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions, environment: 'dev' }),
    'GET /api/v1/configuration': ({ query }: RecordedRequest) => ({
      documents: documents[query.get('kind') ?? ''] ?? [],
    }),
    'GET /api/v1/sources': () => ({
      items: [
        { name: 'CHI', title: 'Chicago', active: true, country: 'US', latitude: null, longitude: null },
        { name: 'NYC', title: 'New York', active: false, country: 'US', latitude: null, longitude: null },
      ],
    }),
    'POST /api/v1/simulations': () => simulation({ id: 's7' }),
    ...replies,
  });
  return { requests, ...renderRoutes(routes, `/simulations/new${search}`) };
}
const step = async (name: string) => fireEvent.click(await screen.findByRole('button', { name }));
const enter = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const runButton = () => screen.getByRole('button', { name: 'Run 20 times' });
const sentChanges = (requests: RecordedRequest[]) =>
  (requests.find((request) => request.method === 'POST')?.body as { changes: unknown } | undefined)?.changes;

describe('what must be entered before a simulation runs', () => {
  test('a name', async () => {
    openWizard();
    await step('6. Run');
    await waitFor(() => expect(runButton()).toHaveAccessibleDescription('Enter a name'));
    await step('1. Template');
    enter('Name', '   ');
    await step('6. Run');
    expect(runButton()).toHaveAccessibleDescription('Enter a name');
  });

  test.each([
    ['', '2026-11-30', 'Enter a start and end date'],
    ['2026-11-01', '', 'Enter a start and end date'],
    ['2026-11-30', '2026-11-01', 'The end date must not be before the start date'],
  ])('the period from %j to %j is refused', async (from, to, message) => {
    openWizard();
    await step('1. Template');
    enter('Name', 'Peak');
    await step('2. Demand');
    enter('From', from);
    enter('To', to);
    await step('6. Run');
    await waitFor(() => expect(runButton()).toHaveAccessibleDescription(message));
  });

  test('a period of one day is accepted', async () => {
    openWizard();
    await step('1. Template');
    enter('Name', 'Peak');
    await step('2. Demand');
    enter('From', '2026-11-30');
    enter('To', '2026-11-30');
    await step('6. Run');
    await waitFor(() => expect(runButton()).not.toHaveAttribute('aria-disabled'));
  });

  test('the name of every new source', async () => {
    openWizard();
    await step('1. Template');
    enter('Name', 'Peak');
    await step('3. Sources');
    await step('Add source');
    await step('6. Run');
    await waitFor(() => expect(runButton()).toHaveAccessibleDescription('Enter a name for every new source'));
  });

  test('a comparable product for every new product', async () => {
    openWizard();
    await step('1. Template');
    enter('Name', 'Peak');
    await step('2. Demand');
    await step('Add product');
    const product = screen.getByRole('group', { name: 'New product 1' });
    fireEvent.change(within(product).getByLabelText('Product'), { target: { value: 'VASE-2' } });
    await step('6. Run');
    await waitFor(() => expect(runButton()).toHaveAccessibleDescription('Enter a comparable product for every new product'));
  });

  test('permission to simulate', async () => {
    openWizard({ permissions: ['sourcing.read'] });
    await step('6. Run');
    expect(runButton()).toHaveAccessibleDescription('Your role may not run simulations');
  });
});

test('the steps are followed by Next and Back', async () => {
  openWizard();
  expect(await screen.findByRole('button', { name: 'Back' })).toHaveAttribute('aria-disabled', 'true');
  await step('Demand');
  expect(screen.getByRole('button', { name: '2. Demand' })).toHaveAttribute('aria-current', 'step');
  await step('Back');
  expect(screen.getByRole('button', { name: '1. Template' })).toHaveAttribute('aria-current', 'step');
});

test('the template is chosen and reviewed', async () => {
  openWizard();
  fireEvent.click(await screen.findByRole('button', { name: /^Demand shock/ }));
  expect(screen.getByRole('button', { name: /^Demand shock/ })).toHaveAttribute('aria-pressed', 'true');
  await step('6. Run');
  expect(screen.getByText('Template').closest('div')).toHaveTextContent('Demand shock');
  expect(screen.getByText('Not set')).toBeVisible();
  expect(screen.getByText('No changes')).toBeVisible();
});

test('inactive sources cannot be excluded', async () => {
  openWizard();
  await step('3. Sources');
  expect(await screen.findByRole('checkbox', { name: 'NYC inactive' })).toBeDisabled();
  expect(screen.getByText('All active sources are included.')).toBeVisible();
  fireEvent.click(screen.getByRole('checkbox', { name: 'CHI Chicago' }));
  expect(screen.getByText('1 excluded: CHI.')).toBeVisible();
  fireEvent.click(screen.getByRole('checkbox', { name: 'CHI Chicago' }));
  expect(screen.getByText('All active sources are included.')).toBeVisible();
});

describe('constraints', () => {
  test('a constraint of the strategy is removed, and one of others applied', async () => {
    const { requests } = openWizard();
    await step('1. Template');
    enter('Name', 'Peak');
    await step('4. Constraints');
    expect(await screen.findByText('Near the buyer')).toBeVisible();
    expect(screen.getByText(/— not in this strategy/)).toHaveTextContent('Sources per order: at most 2 — not in this strategy');
    await chooseOption('In the scenario, near', 'Removed');
    await chooseOption('In the scenario, two', 'Applied');
    await step('6. Run');
    expect(screen.getByText('Constraint near is removed')).toBeVisible();
    expect(screen.getByText('Constraint two is changed')).toBeVisible();
    await userEvent.click(runButton());
    await waitFor(() =>
      expect(sentChanges(requests)).toMatchObject({
        constraints: [
          { name: 'near', body: null },
          { name: 'two', body: { title: 'Two sources', type: 'maximum_sources_per_order', maximum: 2 } },
        ],
      }),
    );
  });

  test('a constraint is added for the simulation and removed', async () => {
    openWizard();
    await step('4. Constraints');
    await step('Add constraint');
    expect(screen.getByLabelText('Name of the new constraint')).toHaveValue('simulated-1');
    await step('Remove');
    expect(screen.queryByLabelText('Name of the new constraint')).toBeNull();
  });
});

test('overridden settings of the strategy are listed in words and can be removed', async () => {
  openWizard();
  await step('5. Strategy');
  expect(await screen.findByText('Override settings of strategy everyday')).toBeVisible();
  expect(screen.getByText('— no overrides')).toBeVisible();
  fireEvent.click(screen.getByRole('checkbox', { name: 'Allow partial orders' }));
  expect(screen.getByText('— 1 changed: allow partial')).toBeVisible();
  await step('6. Run');
  expect(screen.getByText('Strategy setting allow partial: no')).toBeVisible();
  await step('5. Strategy');
  await step('Remove overrides');
  expect(screen.getByText('— no overrides')).toBeVisible();
});

test('a rejected simulation keeps its input', async () => {
  const { router } = openWizard({
    replies: { 'POST /api/v1/simulations': () => new ProblemResponse(422, { detail: 'There are no orders in this period', status: 422 }) },
  });
  await step('1. Template');
  enter('Name', 'Peak');
  await step('6. Run');
  await waitFor(() => expect(runButton()).not.toHaveAttribute('aria-disabled'));
  fireEvent.click(runButton());
  expect(await screen.findByText('There are no orders in this period')).toBeVisible();
  expect(router.state.location.pathname).toBe('/simulations/new');
  await step('1. Template');
  expect(screen.getByLabelText('Name')).toHaveValue('Peak');
});

test('a clone explains that it keeps the demand and the baseline of its original', async () => {
  openWizard({
    search: '?clone=s1',
    replies: {
      'GET /api/v1/simulations/s1': () =>
        simulation({ request: { ...simulation().request, strategy: 'west', changes: { ...noChanges, closed_sources: ['CHI'] } } }),
    },
  });
  expect(await screen.findByRole('heading', { name: 'Clone a simulation' })).toBeVisible();
  expect(screen.getByLabelText('Name')).toHaveValue('Close Seattle, changed');
  await step('2. Demand');
  expect(screen.getByText(/Uses the demand of the original: past orders from 2026-11-20 to/)).toBeVisible();
  expect(screen.queryByLabelText('From')).toBeNull();
  await step('3. Sources');
  expect(await screen.findByText('1 excluded: CHI.')).toBeVisible();
  await step('5. Strategy');
  expect(screen.getByText('The baseline uses strategy west, as in the original.')).toBeVisible();
});

describe('stock entered as tags', () => {
  test.each([
    ['SEA 40', { SEA: 40 }],
    ['SEA:40', { SEA: 40 }],
    ['SEA=40', { SEA: 40 }],
    ['West coast 7', { 'West coast': 7 }],
    [' SEA 0 ', { SEA: 0 }],
    ['SEA', {}],
    ['40', {}],
    ['SEA -4', {}],
    ['SEA 4.5', {}],
  ])('%j is read as %j', async (text, stock) => {
    const onChange = vi.fn();
    render(<StockField label="Stock" stock={{}} onChange={onChange} />);
    await userEvent.type(screen.getByLabelText('Stock'), `${text}{Enter}`);
    expect(onChange).toHaveBeenLastCalledWith(stock);
  });
});
