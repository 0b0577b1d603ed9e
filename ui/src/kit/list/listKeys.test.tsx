import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { renderRoutes } from '@tests/harness';
import { setShortcutsEnabled } from '../shortcuts';
import { FilterBar } from './FilterBar';
import { ListView } from './ListView';
import type { PagedList } from './usePagedList';

interface Row {
  id: string;
  name: string;
}
const rows: Row[] = ['Lamp', 'Chair', 'Vase'].map((name, index) => ({ id: String(index), name }));
const list: PagedList<Row> = {
  rows,
  newRows: [],
  departedIds: new Set(),
  showNewRows: vi.fn(),
  loading: false,
  refreshing: false,
  error: null,
  retry: vi.fn(),
  reload: vi.fn(),
  next: undefined,
  previous: undefined,
};
const onOpen = vi.fn();

function Products() {
  const [selected, setSelected] = useState<string[]>([]);
  return (
    <>
      <p>Selected: {selected.join()}</p>
      <ListView
        label="Products"
        list={list}
        columns={[{ id: 'name', title: 'Name', cell: (row) => <a href={`/${row.id}`}>{row.name}</a> }]}
        rowId={(row) => row.id}
        rowName={(row) => row.name}
        onOpen={onOpen}
        selection={{ ids: selected, onChange: setSelected }}
        toolbar={<FilterBar search="Find" filters={[]} values={{}} onChange={vi.fn()} />}
        empty={null}
      />
    </>
  );
}

const render = () => renderRoutes([{ path: '/', element: <Products /> }], '/');
const rowOf = (name: string) => screen.getByText(name).closest('tr');

afterEach(() => {
  setShortcutsEnabled(true);
  onOpen.mockClear();
});

test('j and k move between rows, x selects and Enter opens', async () => {
  render();
  await userEvent.keyboard('j');
  expect(rowOf('Lamp')).toHaveFocus();
  await userEvent.keyboard('jjj');
  expect(rowOf('Vase')).toHaveFocus();
  await userEvent.keyboard('k');
  expect(rowOf('Chair')).toHaveFocus();
  await userEvent.keyboard('x');
  expect(screen.getByText('Selected: 1')).toBeVisible();
  await userEvent.keyboard('{Enter}');
  expect(onOpen).toHaveBeenCalledWith(rows[1]);
});

test('a slash moves to the search, where the keys are text', async () => {
  render();
  await userEvent.keyboard('/');
  expect(screen.getByRole('textbox', { name: 'Find' })).toHaveFocus();
  await userEvent.keyboard('jx/');
  expect(screen.getByRole('textbox', { name: 'Find' })).toHaveValue('jx/');
});

test('keys can be switched off', async () => {
  setShortcutsEnabled(false);
  render();
  await userEvent.keyboard('j');
  expect(document.body).toHaveFocus();
});

test('combinations are left to the browser', async () => {
  render();
  await userEvent.keyboard('{Control>}j{/Control}');
  expect(document.body).toHaveFocus();
});
