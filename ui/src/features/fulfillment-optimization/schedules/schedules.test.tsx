import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { ProblemResponse, type RecordedRequest, mockServer, renderRoutes } from '@tests/harness';
import CalendarsPage from './CalendarsPage';
import CarriersPage from './CarriersPage';
import PickupSchedulesPage from './PickupSchedulesPage';
import { priceAt, validateRateTable, renameZone, weightsOf, withPrice } from '../rates/rateTable';
import RateTablesPage from '../rates/RateTablesPage';
import { validateHours, weekCalls, weekHours, weekSpans, describeWeek } from './week';

const routes = [
  { path: '/calendars', Component: CalendarsPage },
  { path: '/carriers', Component: CarriersPage },
  { path: '/pickup-schedules', Component: PickupSchedulesPage },
  { path: '/rate-tables', Component: RateTablesPage },
];
const manager = { name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' };
const workdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];
const calendar = {
  kind: 'calendar',
  name: 'central',
  body: { title: 'Central', time_zone: 'America/Chicago', hours: { monday: [{ opens: '08:00', closes: '18:00' }] } },
};
const rates = {
  kind: 'rate_table',
  name: 'own',
  body: {
    title: 'Own rates',
    zones: [{ name: 'near', up_to_km: 500 }, { name: 'far' }],
    prices: [{ zone: 'near', up_to_kg: 1, price: 4 }],
    factors: [],
  },
};

function company(
  documents: Record<string, unknown[]>,
  replies: Record<string, (sent: RecordedRequest) => unknown> = {},
): RecordedRequest[] {
  return mockServer({
    'GET /api/v1/session': () => manager,
    'GET /api/v1/sources': () => ({ items: [] }),
    'GET /api/v1/configuration': ({ query }) => ({ documents: documents[query.get('kind') ?? ''] ?? [] }),
    'POST /api/v1/configuration/apply': () => ({
      changes: [{ kind: 'x', name: 'x', change: 'changed', version: 2, paths: ['hours'] }],
    }),
    'POST /api/v1/sourcing/rate': () => ({ price: 11.75, known: null, factor: 'any', says: 'any stands in' }),
    ...replies,
  });
}
const applied = (sent: RecordedRequest[]) =>
  (
    sent.findLast((item) => item.path === '/api/v1/configuration/apply')?.body as
      { documents: { body: Record<string, unknown> }[] } | undefined
  )?.documents[0];

test('a week is described in words with equal days grouped', () => {
  expect(describeWeek(weekSpans({}))).toBe('Mon–Fri 08:00–17:00');
  expect(weekHours(weekSpans({}))).toBe(45);
  const hours = { monday: [{ opens: '13:00', closes: '24:00' }], sunday: [{ opens: '09:00', closes: '12:00' }] };
  expect(describeWeek(weekSpans({ hours }))).toBe('Mon 13:00–24:00; Sun 09:00–12:00');
  expect(describeWeek([], weekCalls({ pickups: [{ weekdays: workdays, at: '16:30' }] }))).toBe('Mon–Fri 16:30');
  expect(describeWeek(weekSpans({ hours: {} }))).toBe('Never');
});

test.each([
  [[{ opens: '09:00', closes: '08:00' }], 'closes before it opens'],
  [
    [
      { opens: '08:00', closes: '12:00' },
      { opens: '11:00', closes: '15:00' },
    ],
    'hours overlap',
  ],
  [
    [
      { opens: '13:00', closes: '15:00' },
      { opens: '08:00', closes: '13:00' },
    ],
    '',
  ],
])('hours %j: %s', (rows, problem) => expect(validateHours(rows)).toBe(problem));

test('the hours of a day are copied to the working week and saved', async () => {
  const sent = company({ calendar: [calendar] });
  renderRoutes(routes, '/calendars?open=central');
  const monday = await screen.findByRole('group', { name: 'Monday' });
  await userEvent.click(within(monday).getByRole('button', { name: 'Mon–Fri' }));
  await userEvent.click(within(screen.getByRole('group', { name: 'Friday' })).getByRole('button', { name: /Remove these hours/ }));
  expect(screen.getByRole('img', { name: 'Working week: Mon–Thu 08:00–18:00' })).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Save calendar' }));
  await waitFor(() => expect(Object.keys(applied(sent)?.body.hours as object)).toEqual(['monday', 'tuesday', 'wednesday', 'thursday']));
});

test('a document in use is not deleted and its users are listed', async () => {
  const problem = {
    detail: 'this document is in use and cannot be deleted',
    status: 409,
    problems: [{ where: 'calendar central', what: 'is used by source CHI (calendar)', remedy: 'change or delete that source' }],
  };
  const sent = company(
    { calendar: [calendar] },
    { 'DELETE /api/v1/configuration/calendar/central': () => new ProblemResponse(409, problem) },
  );
  renderRoutes(routes, '/calendars?open=central');
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  expect(await screen.findByText('is used by source CHI (calendar)')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Delete calendar' })).toBeNull();
  expect(sent.filter((item) => item.method === 'DELETE').map((entry) => entry.query.get('dry_run'))).toEqual(['true']);
});

test('a deleted document can be restored', async () => {
  const sent = company({ calendar: [calendar] }, { 'DELETE /api/v1/configuration/calendar/central': () => ({ changes: [] }) });
  renderRoutes(routes, '/calendars?open=central');
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  const confirm = await screen.findByRole('button', { name: 'Delete calendar' });
  await waitFor(() => expect(confirm).toBeEnabled());
  await userEvent.click(confirm);
  await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
  await waitFor(() => expect(applied(sent)).toEqual(calendar));
  expect(sent.filter((item) => item.method === 'DELETE').map((entry) => entry.query.get('dry_run'))).toEqual(['true', 'false']);
});

test('a distance band is added before the last one', async () => {
  const body = { title: 'UPS', services: [{ name: 'ground', title: 'Ground', bands: [{ up_to_km: null, days: 3 }] }] };
  const sent = company({ carrier: [{ kind: 'carrier', name: 'ups', body }] });
  renderRoutes(routes, '/carriers?open=ups');
  await userEvent.click(await screen.findByRole('button', { name: 'Add distance' }));
  await userEvent.click(within(screen.getByRole('group', { name: 'Transit days' })).getByRole('button', { name: 'Saturday' }));
  await userEvent.click(screen.getByRole('button', { name: 'Save carrier' }));
  await waitFor(() =>
    expect(applied(sent)?.body.services).toEqual([
      {
        name: 'ground',
        title: 'Ground',
        bands: [
          { up_to_km: 500, days: 1 },
          { up_to_km: null, days: 3 },
        ],
        moves: [...workdays, 'saturday'],
      },
    ]),
  );
});

test('a carrier keeps its connection for live rates', async () => {
  const body = { title: 'UPS', live_rates: 'ups-account', services: [{ name: 'ground', title: 'Ground', bands: [{ days: 3 }] }] };
  const instance = { kind: 'provider_instance', name: 'ups-account', body: { title: 'Our account' } };
  const sent = company({ carrier: [{ kind: 'carrier', name: 'ups', body }], provider_instance: [instance] });
  renderRoutes(routes, '/carriers?open=ups');
  expect(await screen.findByText('Live from ups-account')).toBeInTheDocument();
  expect(await screen.findByText('ups-account — Our account')).toBeInTheDocument();
  const [title] = screen.getAllByLabelText('Title');
  await userEvent.type(title!, ' Inc');
  await userEvent.click(screen.getByRole('button', { name: 'Save carrier' }));
  await waitFor(() => expect(applied(sent)?.body).toMatchObject({ title: 'UPS Inc', live_rates: 'ups-account' }));
});

test('a pickup schedule shows its pickups and requires a carrier', async () => {
  company({ carrier: [{ kind: 'carrier', name: 'ups', body: { title: 'UPS', services: [] } }] });
  renderRoutes(routes, '/pickup-schedules?open=%2B');
  expect(await screen.findByRole('img', { name: 'Pickups: Mon–Fri 16:00' })).toBeInTheDocument();
  await userEvent.type(screen.getByLabelText('Name'), 'late');
  await userEvent.type(screen.getByLabelText('Title'), 'Late');
  expect(screen.getByRole('button', { name: 'Save pickup schedule' })).toHaveAccessibleDescription('Select a carrier');
});

test('a price is entered in its cell and the server rates a test parcel', async () => {
  const sent = company({ rate_table: [rates] });
  renderRoutes(routes, '/rate-tables?open=own');
  expect(await screen.findByText('11.75')).toBeInTheDocument();
  await userEvent.type(await screen.findByLabelText('Price up to 1 kg in zone far'), '9');
  await waitFor(() => {
    const request = sent.findLast((item) => item.path === '/api/v1/sourcing/rate')?.body as {
      table: Record<string, unknown>;
      zone: string;
    };
    expect(request.zone).toBe('near');
    expect(priceAt(request.table, 'far', 1)).toBe(9);
  });
  await userEvent.click(screen.getByRole('button', { name: 'Save rate table' }));
  await waitFor(() => expect(applied(sent)?.body.prices).toContainEqual({ zone: 'far', up_to_kg: 1, price: 9 }));
});

test('prices follow a renamed zone and must not decrease with weight', () => {
  const body = { ...rates.body, ...renameZone(rates.body, 0, 'close') };
  expect(priceAt(body, 'close', 1)).toBe(4);
  expect(weightsOf(body)).toEqual([1]);
  expect(validateRateTable(body)).toBe('');
  const falling = { ...body, prices: withPrice(body, 'close', 5, 3) };
  expect(validateRateTable(falling)).toBe('Zone close: prices must not decrease with weight');
});
