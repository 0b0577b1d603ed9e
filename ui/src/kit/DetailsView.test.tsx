import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { DetailsView } from './DetailsView';

const show = (value: unknown) => render(<DetailsView value={value} />);
const definitionOf = (term: string) => screen.getByText(term).parentElement!;

test('names are humanized and values are shown beside them', () => {
  show({ tracking_number: '1Z999', quantity: 3, held: true, gift: false, note: null });
  expect(definitionOf('Tracking number')).toHaveTextContent('1Z999');
  expect(definitionOf('Quantity')).toHaveTextContent('3');
  expect(definitionOf('Held')).toHaveTextContent('Yes');
  expect(definitionOf('Gift')).toHaveTextContent('No');
  expect(definitionOf('Note')).toHaveTextContent('—');
});

test('durations are shown in words', () => {
  show({ timeout: 'P7D', retry: { first_after: '10s', attempts: 5 } });
  expect(definitionOf('Timeout')).toHaveTextContent('7 days');
  expect(definitionOf('First after')).toHaveTextContent('10 seconds');
});

test('events and actions are shown by their titles', () => {
  show({ events: ['order.shipped', 'order.fulfillment_declined'], action: 'orders.confirm_billing' });
  expect(definitionOf('Events')).toHaveTextContent('Order shipped, Fulfillment declined');
  expect(definitionOf('Action')).toHaveTextContent('Confirm billing');
  expect(screen.queryByText(/order\.shipped/)).toBeNull();
});

test('a condition is a sentence, and its expression is behind a disclosure', async () => {
  show({ when: 'all(lines, #.quantity == #.shipped)' });
  expect(screen.getByText('For all lines: quantity is shipped')).toBeVisible();
  const expression = screen.getByText('all(lines, #.quantity == #.shipped)');
  expect(expression).not.toBeVisible();
  await userEvent.click(screen.getByText('Show expression'));
  expect(expression).toBeVisible();
});

test('a complex condition has a generic label', () => {
  show({ condition: 'len(lines) > 3' });
  expect(screen.getByText('Custom condition')).toBeVisible();
});

test('instants are shown as dates with the exact instant for machines', () => {
  show({ shipped_at: '2026-03-04T12:00:00Z' });
  expect(definitionOf('Shipped at').querySelector('time')).toHaveAttribute('dateTime', '2026-03-04T12:00:00Z');
});

test('lists of values are joined and lists of objects are nested', () => {
  show({ sources: ['SEA', 'CHI'], empty: [], items: [{ product: 'LAMP' }, { product: 'TEE' }] });
  expect(definitionOf('Sources')).toHaveTextContent('SEA, CHI');
  expect(definitionOf('Empty')).toHaveTextContent('None');
  expect(within(definitionOf('Items')).getAllByRole('listitem')).toHaveLength(2);
});

test('a single value needs no name', () => {
  show('plain text');
  expect(screen.getByText('plain text')).toBeVisible();
});
