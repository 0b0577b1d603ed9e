import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { chooseOption, mockServer, type RecordedRequest, renderRoutes } from '@tests/harness';
import { builtInConstraintKinds, constraintKindTitle } from './constraintKinds';
import { withKind } from './ConstraintFields';
import ConstraintsPage from './ConstraintsPage';
import { describeEffectiveDates } from './describeConstraint';

const routes = [{ path: '/constraints', Component: ConstraintsPage }];
const manager = { name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' };

function company(replies: Record<string, () => unknown> = {}, documents: unknown[] = []): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/session': () => manager,
    'GET /api/v1/sources': () => ({ items: [{ name: 'SEA', title: 'Seattle' }] }),
    'GET /api/v1/configuration': ({ query }) => ({ documents: query.get('kind') === 'constraint' ? documents : [] }),
    'POST /api/v1/configuration/apply': () => ({ changes: [{ kind: 'constraint', name: 'near', change: 'added', paths: [] }] }),
    ...replies,
  });
}
const savedBody = (requests: RecordedRequest[]) =>
  (requests.findLast((request) => request.path.endsWith('/apply'))?.body as { documents: { body: unknown }[] } | undefined)?.documents[0]
    ?.body;

async function fillNameAndTitle(): Promise<void> {
  await userEvent.type(await screen.findByLabelText('Name'), 'near');
  await userEvent.type(screen.getByLabelText('Title'), 'Near the customer');
}

test('a new constraint applies to all sources or to one', async () => {
  const requests = company();
  renderRoutes(routes, '/constraints?open=%2B');
  await fillNameAndTitle();
  const row = await screen.findByRole('group', { name: 'Applies to, row 1' });
  await userEvent.clear(within(row).getByLabelText('Distance'));
  await userEvent.type(within(row).getByLabelText('Distance'), '900');
  await chooseOption('Source', 'SEA — Seattle');
  await userEvent.click(screen.getByRole('button', { name: 'Save constraint' }));
  await waitFor(() =>
    expect(savedBody(requests)).toMatchObject({ type: 'maximum_distance', entries: [{ source: 'SEA', distance: 900, unit: 'km' }] }),
  );
});

test('a soft constraint has a penalty and dates', async () => {
  const requests = company();
  renderRoutes(routes, '/constraints?open=%2B');
  await fillNameAndTitle();
  expect(screen.queryByLabelText('Penalty')).toBeNull();
  await chooseOption('Strictness', 'Soft: violations have a cost');
  await userEvent.clear(screen.getByLabelText('Penalty'));
  await userEvent.type(screen.getByLabelText('Penalty'), '7.5');
  await userEvent.type(screen.getByLabelText('Effective from'), '2026-12-01');
  await userEvent.click(screen.getByRole('button', { name: 'Save constraint' }));
  await waitFor(() => expect(savedBody(requests)).toMatchObject({ hard: false, penalty: 7.5, effective_from: '2026-12-01' }));
});

test('a constraint without a title cannot be saved', async () => {
  company();
  renderRoutes(routes, '/constraints?open=%2B');
  await userEvent.type(await screen.findByLabelText('Name'), 'near');
  expect(screen.getByRole('button', { name: 'Save constraint' })).toHaveAccessibleDescription('Enter a title');
});

test('the kinds of the server win over the built-in ones', async () => {
  const requests = company({
    'GET /api/v1/sourcing/constraint-kinds': () => ({
      items: [
        {
          kind: 'maximum_weight',
          title: 'Maximum weight',
          description: 'Heaviest parcel of a source.',
          schema: {
            type: 'object',
            properties: {
              type: { const: 'maximum_weight' },
              title: { type: 'string' },
              limit: { type: 'number', title: 'Limit', default: 30, 'x-unit': 'kg' },
              sources: { type: 'array', title: 'Sources', items: { type: 'string', 'x-reference': 'source' } },
            },
          },
        },
      ],
    }),
  });
  renderRoutes(routes, '/constraints?open=%2B');
  await fillNameAndTitle();
  await chooseOption('Type', 'Maximum weight');
  expect(await screen.findByText('Heaviest parcel of a source.')).toBeInTheDocument();
  expect(screen.getByLabelText('Limit')).toHaveValue('30');
  expect(screen.getAllByLabelText('Title')).toHaveLength(1);
  await chooseOption('Sources', 'SEA — Seattle');
  await userEvent.click(screen.getByRole('button', { name: 'Save constraint' }));
  await waitFor(() => expect(savedBody(requests)).toMatchObject({ type: 'maximum_weight', limit: 30, sources: ['SEA'] }));
});

test('an existing constraint warns that changing the type resets its parameters', async () => {
  const body = { title: 'Near', type: 'maximum_distance', entries: [{ distance: 500 }] };
  company({}, [{ kind: 'constraint', name: 'near', body }]);
  renderRoutes(routes, '/constraints?open=near');
  expect(await screen.findByText(/Changing the type resets its parameters/)).toBeInTheDocument();
});

describe('withKind', () => {
  const kind = (name: string) => builtInConstraintKinds.find((item) => item.kind === name);

  test('keeps the shared properties and drops the parameters of the former kind', () => {
    const body = { type: 'maximum_distance', title: 'A', hard: false, penalty: 5, entries: [{ distance: 1 }] };
    expect(withKind(body, kind('maximum_sources_per_order'), 'maximum_sources_per_order')).toEqual({
      type: 'maximum_sources_per_order',
      title: 'A',
      hard: false,
      penalty: 5,
      maximum: 1,
    });
  });

  test('kinds with required entries start with one', () => {
    expect(withKind({}, kind('maximum_order_lines'), 'maximum_order_lines')).toEqual({
      type: 'maximum_order_lines',
      entries: [{ lines: 100 }],
    });
    expect(withKind({}, kind('respect_timings'), 'respect_timings')).toEqual({ type: 'respect_timings' });
  });

  test('an unknown kind has no parameters', () => {
    expect(withKind({ title: 'A' }, undefined, 'other')).toEqual({ title: 'A', type: 'other' });
  });
});

test('kinds without a title are shown by name', () => {
  expect(constraintKindTitle(builtInConstraintKinds, 'safety_stock')).toBe('Safety stock');
  expect(constraintKindTitle(builtInConstraintKinds, 'other')).toBe('other');
});

test.each([
  [{ effective_from: '2026-11-20', effective_to: '2026-11-21' }, '2026-11-20 to 2026-11-21'],
  [{ effective_from: '2026-11-20' }, 'from 2026-11-20'],
  [{ effective_to: '2026-11-21' }, 'until 2026-11-21'],
  [{}, ''],
])('the dates of %j are "%s"', (body, text) => {
  expect(describeEffectiveDates(body)).toBe(text);
});
