import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { ProblemResponse, type RecordedRequest, mockServer, renderRoutes } from '@tests/harness';
import ConstraintsPage from '../constraints/ConstraintsPage';
import { builtInConstraintKinds } from '../constraints/constraintKinds';
import { describeConstraint, isInEffect } from '../constraints/describeConstraint';
import SourceListsPage from '../sources/SourceListsPage';
import SourcesPage from '../sources/SourcesPage';
import StrategiesPage from '../strategies/StrategiesPage';

const routes = [
  { path: '/sources', Component: SourcesPage },
  { path: '/source-lists', Component: SourceListsPage },
  { path: '/constraints', Component: ConstraintsPage },
  { path: '/strategies', Component: StrategiesPage },
];
const source = (name: string, part: object = {}) => ({
  name,
  title: `${name} warehouse`,
  type: 'warehouse',
  active: true,
  latitude: 41,
  longitude: -87,
  city: 'Chicago',
  state: 'IL',
  country: 'US',
  processing_days: 1,
  daily_parcels: null,
  time_zone: 'America/Chicago',
  settings: { calendar: 'us-central', cutoff: '14:00', daily_lines: null, capabilities: ['ship'] },
  today: { day: '2026-11-21', parcels: 0, lines: 0, parcels_left: null, lines_left: null },
  ...part,
});
const chicago = { kind: 'source', name: 'CHI', body: { title: 'Chicago', type: 'store', address: { country: 'US' }, zone_overrides: [] } };
const manager = { name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' };
const reader = { ...manager, permissions: ['sourcing.read', 'configuration.read'] };

function company({
  documents = {},
  who = manager,
  sources = [source('CHI')],
  apply,
}: {
  documents?: Record<string, unknown[]>;
  who?: object;
  sources?: unknown[];
  apply?: (sent: RecordedRequest) => unknown;
}): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/session': () => who,
    'GET /api/v1/sources': () => ({ items: sources }),
    'GET /api/v1/configuration': ({ query }) => ({ documents: documents[query.get('kind') ?? ''] ?? [] }),
    'POST /api/v1/configuration/apply':
      apply ?? (() => ({ changes: [{ kind: 'source', name: 'CHI', change: 'changed', version: 2, paths: ['title'] }] })),
  });
}
const applied = (sent: RecordedRequest[]): unknown => sent.findLast((item) => item.path === '/api/v1/configuration/apply')?.body;

/** Press the first button of this name once it may be pressed; it is drawn anew when that becomes known. */
async function pressAllowed(name: string): Promise<void> {
  const button = await waitFor(() => {
    const [first] = screen.getAllByRole('button', { name });
    expect(first).not.toHaveAttribute('aria-disabled');
    if (first === undefined) throw new Error(`no button ${name}`);
    return first;
  });
  await userEvent.click(button);
}

test('the list shows daily capacity and cut-off', async () => {
  company({
    sources: [
      source('CHI', { daily_parcels: 40, today: { day: '2026-11-21', parcels: 38, lines: 0, parcels_left: 2, lines_left: null } }),
      source('DAL', { active: false }),
    ],
  });
  renderRoutes(routes, '/sources');
  const row = (await screen.findByRole('button', { name: 'CHI' })).closest('tr');
  expect(within(row as HTMLElement).getByText(/38/)).toHaveTextContent('38 of 40 parcels');
  expect(within(row as HTMLElement).getByText('14:00')).toBeInTheDocument();
  expect(screen.getByText('Inactive')).toBeInTheDocument();
});

test('editing a source keeps the fields that the form does not show', async () => {
  const sent = company({ documents: { source: [chicago] } });
  renderRoutes(routes, '/sources');
  await userEvent.click(await screen.findByRole('button', { name: 'CHI' }));
  const title = await screen.findByLabelText('Title');
  await userEvent.clear(title);
  await userEvent.type(title, 'Chicago north');
  await userEvent.type(screen.getByLabelText('Parcels per day'), '25');
  await userEvent.click(screen.getByRole('button', { name: 'Save source' }));
  await waitFor(() =>
    expect(applied(sent)).toEqual({
      documents: [
        {
          kind: 'source',
          name: 'CHI',
          body: { title: 'Chicago north', type: 'store', address: { country: 'US' }, zone_overrides: [], daily_parcels: 25 },
        },
      ],
      dry_run: false,
      prune: false,
    }),
  );
});

test('the document form keeps its input when the server rejects it', async () => {
  const problem = {
    detail: 'cannot be applied',
    status: 422,
    problems: [{ where: 'address', what: 'cannot be geocoded', remedy: 'give a country' }],
  };
  company({ documents: { source: [chicago] }, apply: () => new ProblemResponse(422, problem) });
  renderRoutes(routes, '/sources');
  await userEvent.click(await screen.findByRole('button', { name: 'CHI' }));
  await userEvent.type(await screen.findByLabelText('City'), 'Atlantis');
  await userEvent.click(screen.getByRole('button', { name: 'Save source' }));
  expect(await screen.findByText('cannot be geocoded')).toBeInTheDocument();
  expect(screen.getByLabelText('City')).toHaveValue('Atlantis');
});

test('selected sources are deactivated together and reported one by one', async () => {
  const sent = company({ documents: { source: [chicago] }, sources: [source('CHI'), source('DAL')] });
  renderRoutes(routes, '/sources');
  await userEvent.click(await screen.findByRole('checkbox', { name: 'Select CHI' }));
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select DAL' }));
  await userEvent.click(screen.getByRole('button', { name: 'Deactivate' }));
  await userEvent.click(screen.getByRole('button', { name: 'Deactivate 2 sources' }));
  expect(await screen.findByText('Source not found')).toBeInTheDocument();
  expect(applied(sent)).toEqual({ documents: [{ ...chicago, body: { ...chicago.body, active: false } }], dry_run: false, prune: false });
});

test('users without write permission cannot change sources', async () => {
  company({ who: reader });
  renderRoutes(routes, '/sources');
  const add = await screen.findByRole('button', { name: 'New source' });
  await waitFor(() => expect(add).toHaveAttribute('aria-disabled', 'true'));
  expect(add).toHaveAccessibleDescription('Your role may not change the configuration');
  expect(screen.queryByRole('checkbox', { name: 'Select CHI' })).toBeNull();
});

test('the page has an empty state without sources', async () => {
  company({ sources: [] });
  renderRoutes(routes, '/sources');
  expect(await screen.findByRole('heading', { name: 'No sources yet' })).toBeInTheDocument();
});

test('a new source list is written with its sources', async () => {
  const sent = company({});
  renderRoutes(routes, '/source-lists');
  await screen.findByRole('heading', { name: 'No source lists yet' });
  await pressAllowed('New source list');
  await userEvent.type(screen.getByLabelText('Name'), 'midwest');
  await userEvent.type(screen.getByLabelText('Title'), 'Midwest');
  await userEvent.click(screen.getByLabelText('Sources'));
  await userEvent.click(await screen.findByText('CHI — CHI warehouse'));
  await userEvent.click(screen.getByRole('button', { name: 'Save source list' }));
  await waitFor(() =>
    expect(applied(sent)).toEqual({
      documents: [{ kind: 'source_list', name: 'midwest', body: { title: 'Midwest', sources: ['CHI'] } }],
      dry_run: false,
      prune: false,
    }),
  );
});

test('a constraint shows its parameters, strictness and state', async () => {
  company({
    documents: {
      constraint: [
        {
          kind: 'constraint',
          name: 'near',
          body: { title: 'Near', type: 'maximum_distance', hard: false, penalty: 12.5, entries: [{ distance: 500, unit: 'km' }] },
        },
        { kind: 'constraint', name: 'old', body: { title: 'Old', type: 'restrict_partial_orders', effective_to: '2020-01-01' } },
      ],
    },
  });
  renderRoutes(routes, '/constraints');
  const near = (await screen.findByRole('button', { name: 'Near' })).closest('tr') as HTMLElement;
  expect(near).toHaveTextContent('all sources: 500 km');
  expect(near).toHaveTextContent('Soft, 12.50 per violation');
  expect(near).toHaveTextContent('Active');
  expect(screen.getByRole('button', { name: 'Old' }).closest('tr')).toHaveTextContent('Not in effect');
});

test('the form shows the parameters of the selected constraint type', async () => {
  const sent = company({});
  renderRoutes(routes, '/constraints');
  await pressAllowed('New constraint');
  await userEvent.type(screen.getByLabelText('Name'), 'two');
  await userEvent.type(screen.getByLabelText('Title'), 'Two parcels');
  await userEvent.click(screen.getByLabelText('Type'));
  await userEvent.click(await screen.findByText('Sources per order'));
  expect(screen.queryByLabelText('Distance')).toBeNull();
  await userEvent.clear(screen.getByLabelText('Maximum'));
  await userEvent.type(screen.getByLabelText('Maximum'), '2');
  await userEvent.click(screen.getByRole('button', { name: 'Save constraint' }));
  await waitFor(() =>
    expect(applied(sent)).toEqual({
      documents: [
        {
          kind: 'constraint',
          name: 'two',
          body: { title: 'Two parcels', type: 'maximum_sources_per_order', maximum: 2, hard: true, enabled: true },
        },
      ],
      dry_run: false,
      prune: false,
    }),
  );
});

test.each([
  [{ type: 'maximum_order_lines', entries: [{ source_list: 'dcs', lines: 40 }] }, 'list dcs: 40 lines per day'],
  [{ type: 'safety_stock', entries: [] }, 'all sources'],
  [
    {
      type: 'location_priority',
      entries: [
        { source: 'CHI', rank: 1 },
        { rank: 2, product: 'LAMP' },
      ],
    },
    '1. CHI; 2. all sources for LAMP',
  ],
  [
    { type: 'maximum_sources_and_partial_order', maximum: 3, partial_lines: false },
    'at most 3 sources, no split lines, partial orders allowed',
  ],
  [{ type: 'maximum_distance', entries: [{ source: 'NYC', distance: 600, unit: 'mi', same_country: true }] }, 'NYC: 600 mi, same country'],
])('%j reads “%s”', (body, words) => {
  expect(describeConstraint(body)).toBe(words);
  expect(builtInConstraintKinds.map((kind) => kind.kind)).toContain(body.type);
});

test('a constraint is in effect from its first to its last day', () => {
  const body = { effective_from: '2026-11-20', effective_to: '2026-11-21' };
  expect(['2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22'].map((day) => isInEffect(body, day))).toEqual([false, true, true, false]);
  expect(isInEffect({ ...body, enabled: false }, '2026-11-20')).toBe(false);
});

test('only changed weights of a strategy are saved', async () => {
  const everyday = { kind: 'strategy', name: 'everyday', body: { title: 'Everyday', is_default: true } };
  const sent = company({ documents: { strategy: [everyday] } });
  renderRoutes(routes, '/strategies');
  expect(await screen.findByText(/built-in default/)).toBeInTheDocument();
  await waitFor(() => expect(screen.getAllByText('Default')).toHaveLength(1));
  await userEvent.click(screen.getByRole('button', { name: 'Everyday' }));
  const late = await screen.findByLabelText('Cost per day late');
  expect(late).toHaveValue('2');
  await userEvent.clear(late);
  await userEvent.type(late, '3.5');
  await userEvent.click(screen.getByRole('button', { name: 'Save strategy' }));
  await waitFor(() =>
    expect(applied(sent)).toEqual({
      documents: [{ ...everyday, body: { title: 'Everyday', is_default: true, weights: { lateness_per_day: 3.5 } } }],
      dry_run: false,
      prune: false,
    }),
  );
});
