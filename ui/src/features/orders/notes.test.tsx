import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import * as fixtures from '@tests/fixtures.mjs';
import { mockServer, renderRoutes } from '@tests/harness';
import type { Note } from '@client/collaboration';
import type { OrderDetail } from '@client/orders';
import { NotesCard } from './NotesCard';
import { OrderTags } from './OrderTags';
import { WatchButton } from './WatchButton';

const order = fixtures.orders[0]!.id;
const session = { ...fixtures.session, permissions: ['*'] };
const base = {
  'GET /api/v1/session': () => session,
  'GET /api/v1/people': () => ({ items: fixtures.colleagues }),
};

function renderNotes(notes: Note[], permissions = ['*']) {
  const sent = mockServer({
    ...base,
    'GET /api/v1/session': () => ({ ...session, permissions }),
    [`GET /api/v1/orders/${order}/notes`]: () => ({ items: notes, next: null }),
    'POST /api/v1/notes': () => ({ results: [{ id: order, ok: true, reason: '' }] }),
    [`PATCH /api/v1/notes/${fixtures.notes[1]!.id}`]: () => fixtures.notes[1],
    [`DELETE /api/v1/notes/${fixtures.notes[1]!.id}`]: () => null,
  });
  renderRoutes([{ path: '/', element: <NotesCard orderId={order} /> }], '/');
  return sent;
}

test('notes name their authors and the people they mention', async () => {
  renderNotes(fixtures.notes);
  const [pinned, own] = within(await screen.findByRole('list', { name: 'Notes' })).getAllByRole('listitem');
  await within(pinned!).findByText('Lee Okafor');
  expect(pinned).toHaveTextContent('The customer moves on Friday. @Dana Whitaker, please call');
  expect(within(pinned!).getByLabelText('Pinned')).toBeVisible();
  expect(within(pinned!).queryByRole('button', { name: 'Edit' })).toBeNull();
  expect(own).toHaveTextContent(/edited/);
  expect(within(own!).getByRole('button', { name: 'Delete' })).toBeVisible();
});

test('a note is written with the keyboard alone, and the field is empty afterwards', async () => {
  const sent = renderNotes([]);
  const field = await screen.findByRole('textbox', { name: 'New note' });
  await userEvent.type(field, '  Call first{Control>}{Enter}{/Control}');
  await waitFor(() => expect(field).toHaveValue(''));
  expect(sent.filter((one) => one.method === 'POST').map((one) => one.body)).toEqual([
    { order_ids: [order], text: 'Call first', pinned: false },
  ]);
});

test('an at sign offers people by name', async () => {
  renderNotes([]);
  await userEvent.type(await screen.findByRole('textbox', { name: 'New note' }), 'Hi @okaf');
  expect(await screen.findByText('Lee Okafor (lee@example.com)')).toBeVisible();
  expect(screen.queryByText(/Dana Whitaker/)).toBeNull();
});

test('an empty note is refused with a reason', async () => {
  const sent = renderNotes([]);
  const add = await screen.findByRole('button', { name: 'Add note' });
  await waitFor(() => expect(add).toHaveAccessibleDescription('Write something first'));
  await userEvent.click(add);
  expect(sent.some((one) => one.method === 'POST')).toBe(false);
});

test('without the permission notes are read only', async () => {
  renderNotes(fixtures.notes, ['orders.read']);
  await screen.findByText('Lee Okafor');
  expect(screen.queryByRole('button', { name: 'Pin' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Add note' })).toHaveAccessibleDescription('Your role may not change orders');
});

test('a note is edited, pinned and deleted', async () => {
  const sent = renderNotes(fixtures.notes.slice(1));
  await userEvent.click(await screen.findByRole('button', { name: 'Edit' }));
  const field = screen.getByRole('textbox', { name: 'Text of the note' });
  await userEvent.clear(field);
  await userEvent.type(field, 'Corrected');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Pin' }));
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Delete note' }));
  await waitFor(() => expect(sent.some((one) => one.method === 'DELETE')).toBe(true));
  expect(sent.filter((one) => one.method === 'PATCH').map((one) => one.body)).toEqual([{ text: 'Corrected' }, { pinned: true }]);
});

function renderTags(tags: string[]) {
  const sent = mockServer({
    ...base,
    'GET /api/v1/orders/tags': () => ({ items: fixtures.usedTags }),
    'POST /api/v1/orders/tags': () => ({ results: [{ id: order, ok: true, reason: '' }] }),
  });
  const shown = { ...fixtures.order(order)!, tags } satisfies OrderDetail;
  renderRoutes([{ path: '/', element: <OrderTags order={shown} /> }], '/');
  return sent;
}

test('tags are removed, and lead to the orders that have them', async () => {
  const sent = renderTags(['call first']);
  expect(await screen.findByRole('link', { name: 'call first' })).toHaveAttribute('href', '/orders?tag=call%20first');
  await userEvent.click(await screen.findByLabelText('Remove tag call first'));
  await waitFor(() => expect(sent.find((one) => one.method === 'POST')?.body).toEqual({ ids: [order], add: [], remove: ['call first'] }));
});

test('a tag is chosen among the ones in use, or typed', async () => {
  const sent = renderTags(['vip']);
  await userEvent.click(await screen.findByRole('button', { name: 'Add tag' }));
  const field = screen.getByRole('combobox', { name: 'New tag' });
  await userEvent.type(field, 'new one{Enter}');
  await waitFor(() => expect(sent.find((one) => one.method === 'POST')?.body).toEqual({ ids: [order], add: ['new one'], remove: [] }));
});

test('an order that is watched is marked as seen', async () => {
  let watching = false;
  const sent = mockServer({
    [`GET /api/v1/orders/${order}/watchers`]: () => ({ watching, watchers: watching ? ['dana@example.com'] : [] }),
    [`PUT /api/v1/watched-orders/${order}`]: () => {
      watching = true;
      return null;
    },
    [`POST /api/v1/watched-orders/${order}/seen`]: () => null,
  });
  renderRoutes([{ path: '/', element: <WatchButton orderId={order} version={1} /> }], '/');
  await userEvent.click(await screen.findByRole('button', { name: 'Watch', pressed: false }));
  expect(await screen.findByRole('button', { name: 'Watching', pressed: true })).toBeVisible();
  await waitFor(() => expect(sent.some((one) => one.path.endsWith('/seen'))).toBe(true));
});
