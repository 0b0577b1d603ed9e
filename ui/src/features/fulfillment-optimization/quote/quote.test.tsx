import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { mockServer, renderRoutes } from '@tests/harness';
import QuotePage from './QuotePage';

const routes = [{ path: '/quote', Component: QuotePage }];
const at = '2026-11-21T12:00:00Z';
const around = {
  'GET /api/v1/session': () => ({ name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev' }),
  'GET /api/v1/configuration': () => ({ documents: [] }),
  'GET /api/v1/products': () => ({ items: [] }),
};

test('a quote shows delivery dates, sources and pickup options', async () => {
  const sent = mockServer({
    ...around,
    'POST /api/v1/sourcing/quote': () => ({
      ...{ execution_id: 'abc', at, destination: { latitude: 45.5, longitude: -122.7, precision: 'place' }, carrier: null },
      plan: {
        ...{
          strategy: 'default',
          complete: true,
          not_fulfilled: [],
          cost: 7.27,
          currency: 'EUR',
          cost_parts: { parcel: 6, carriage: 1.27 },
        },
        lines: [{ line_id: '1', product: 'LAMP', dimensions: { colorid: 'red' }, source: 'CHI', quantity: 2, ordered_quantity: 2 }],
      },
      promises: [
        {
          ...{
            source: 'CHI',
            carrier: 'ups',
            service: 'ground',
            ready_at: at,
            pickup_at: at,
            ship_date: '2026-11-23',
            confidence: 0.9975,
            distance_km: 234,
          },
          delivery: { earliest: '2026-11-24', expected: '2026-11-24', latest: '2026-11-25' },
        },
      ],
      calendar: [
        { date: '2026-11-23', possible: false },
        { date: '2026-11-24', possible: true },
      ],
      pickup: [{ kind: 'bopis', source: 'CHI', title: 'Chicago store', ready_at: at, distance_km: 234 }],
    }),
  });
  renderRoutes(routes, '/quote');
  await userEvent.type(await screen.findByLabelText('Product'), 'LAMP');
  await userEvent.type(screen.getByLabelText('Variant'), 'red');
  expect(screen.getByRole('button', { name: 'Get a quote' })).toHaveAccessibleDescription('Enter variants as colorid=red, sizeid=m');
  await userEvent.clear(screen.getByLabelText('Variant'));
  await userEvent.type(screen.getByLabelText('Variant'), 'colorid=red');
  await userEvent.type(screen.getByLabelText('City'), 'Portland');
  await userEvent.type(screen.getByLabelText('State'), 'OR');
  expect(screen.getByRole('button', { name: 'Get a quote' })).toHaveAccessibleDescription('Enter city, state and postal code');
  await userEvent.type(screen.getByLabelText('Postal code'), '97205');
  await userEvent.click(screen.getByRole('button', { name: 'Get a quote' }));
  expect(await screen.findByText(/All items by/)).toHaveTextContent('Nov 24, 2026');
  expect(screen.getByText('2 × LAMP red')).toBeInTheDocument();
  expect(screen.getByText('99.75%')).toBeInTheDocument();
  expect(screen.getByText('Pickup in store')).toBeInTheDocument();
  expect(screen.getByText(', not possible').closest('[role=listitem]')).toHaveTextContent('Nov 23');
  expect(sent.find((item) => item.method === 'POST')?.body).toMatchObject({
    lines: [{ line_id: '1', product: 'LAMP', quantity: 1, dimensions: { colorid: 'red' } }],
    destination: { city: 'Portland', state: 'OR', postal_code: '97205', country: 'US' },
  });
});
