import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, test, vi } from 'vitest';
import { renderRoutes } from '@tests/harness';
import { ActionableList } from './ActionableList';
import { BulkActionBar, type BulkAction } from './BulkActionBar';
import type { ListColumn } from './columns';
import { ExportButton } from './ExportButton';
import { type Filter, FilterBar, useUrlFilters } from './FilterBar';
import { ListView } from './ListView';
import type { PagedList } from './usePagedList';
import { usePagedList } from './usePagedList';

interface Row {
  id: string;
  name: string;
  units: number;
}

const rows: Row[] = [
  { id: '1', name: 'Lamp', units: 4 },
  { id: '2', name: 'Chair', units: 7 },
];
const columns: readonly ListColumn<Row>[] = [
  { id: 'name', title: 'Name', alwaysShown: true, sortKey: 'name', exportValue: (row) => row.name, cell: (row) => row.name },
  { id: 'units', title: 'Units', hint: 'Units on hand', align: 'right', exportValue: (row) => row.units, cell: (row) => row.units },
  { id: 'note', title: 'Note', hiddenByDefault: true, cell: () => 'note' },
];
const rowId = (row: Row): string => row.id;
const rowName = (row: Row): string => row.name;

const pagedList = (part: Partial<PagedList<Row>> = {}): PagedList<Row> => ({
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
  ...part,
});

const renderElement = (element: React.ReactElement, path = '/') => renderRoutes([{ path: '/', element }], path);

describe('ListView', () => {
  const renderList = (list: PagedList<Row>, props: object = {}) =>
    renderElement(
      <ListView label="Products" list={list} columns={columns} rowId={rowId} rowName={rowName} empty={<p>No products</p>} {...props} />,
    );

  test('shows the cells of every row', () => {
    renderList(pagedList());
    expect(screen.getByRole('columnheader', { name: 'Units' })).toBeInTheDocument();
    expect(screen.getByText('Lamp').closest('tr')).toHaveTextContent('4');
  });

  test('shows a skeleton while loading, and the empty content without rows', () => {
    renderList(pagedList({ rows: [], loading: true }));
    expect(screen.getByLabelText('Loading Products')).toHaveAttribute('aria-busy', 'true');
    renderList(pagedList({ rows: [] }));
    expect(screen.getByText('No products')).toBeVisible();
  });

  test('shows an error instead of rows, or above rows that are known', async () => {
    const retry = vi.fn();
    renderList(pagedList({ rows: [], error: new Error('failed'), retry }));
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledOnce();
  });

  test('keeps its rows when a refresh fails', () => {
    renderList(pagedList({ error: new Error('failed') }));
    expect(screen.getByRole('alert')).toBeVisible();
    expect(screen.getByText('Lamp')).toBeVisible();
  });

  test('offers new rows without moving the displayed ones', async () => {
    const showNewRows = vi.fn();
    renderList(pagedList({ newRows: [{ id: '3', name: 'Vase', units: 1 }], showNewRows }), { noun: ['product', 'products'] });
    expect(screen.queryByText('Vase')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: /1 new product/ }));
    expect(showNewRows).toHaveBeenCalledOnce();
  });

  test('opens a row by clicking it, but not by clicking a control in it', async () => {
    const onOpen = vi.fn();
    renderList(pagedList(), { onOpen, selection: { ids: [], onChange: vi.fn() } });
    await userEvent.click(screen.getByRole('checkbox', { name: 'Select Lamp' }));
    expect(onOpen).not.toHaveBeenCalled();
    await userEvent.click(screen.getByText('Lamp'));
    expect(onOpen).toHaveBeenCalledWith(rows[0]);
  });

  test('reports the selected ids', async () => {
    const onChange = vi.fn();
    renderList(pagedList(), { selection: { ids: ['2'], onChange } });
    await userEvent.click(screen.getByRole('checkbox', { name: 'Select Lamp' }));
    expect(onChange).toHaveBeenCalledWith(['2', '1']);
  });

  test('marks rows that no longer match the filter', () => {
    renderList(pagedList({ departedIds: new Set(['1']) }));
    expect(screen.getByText('Lamp').closest('tr')).toHaveClass('row-left');
  });

  test('the pager is shown when there is another page', async () => {
    const next = vi.fn();
    renderList(pagedList({ next }), { pagerLabels: ['Earlier', 'Later'] });
    expect(screen.getByRole('button', { name: 'Earlier' })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(screen.getByRole('button', { name: 'Later' }));
    expect(next).toHaveBeenCalledOnce();
  });

  test('a sortable column sorts on the server', async () => {
    const onChange = vi.fn();
    renderList(pagedList(), { sort: { key: 'units', onChange } });
    await userEvent.click(screen.getByRole('button', { name: 'Sort by Name' }));
    expect(onChange).toHaveBeenCalledWith('name');
  });

  test('the sorted column is announced', () => {
    renderList(pagedList(), { sort: { key: 'name', onChange: vi.fn() } });
    expect(screen.getByRole('columnheader', { name: /Name/ })).toHaveAttribute('aria-sort', 'ascending');
  });

  test('a reversible sort changes its direction', async () => {
    const onChange = vi.fn();
    renderList(pagedList(), { sort: { key: 'name', reversible: true, onChange } });
    await userEvent.click(screen.getByRole('button', { name: 'Sort by Name' }));
    expect(onChange).toHaveBeenLastCalledWith('-name');
    renderList(pagedList(), { label: 'Others', sort: { key: '-name', reversible: true, onChange } });
    const headers = screen.getAllByRole('columnheader', { name: /Name/ });
    expect(headers.map((header) => header.getAttribute('aria-sort'))).toEqual(['ascending', 'descending']);
    await userEvent.click(screen.getAllByRole('button', { name: 'Sort by Name' })[1]!);
    expect(onChange).toHaveBeenLastCalledWith('name');
  });

  test('amounts and dates are sorted from the largest first', async () => {
    const onChange = vi.fn();
    const dated = columns.map((column) => ({ ...column, sortDescendingFirst: true }));
    renderList(pagedList(), { columns: dated, sort: { key: 'units', reversible: true, onChange } });
    await userEvent.click(screen.getByRole('button', { name: 'Sort by Name' }));
    expect(onChange).toHaveBeenCalledWith('-name');
  });

  test('adjacent columns of a group share a heading', () => {
    const grouped = [
      { ...columns[0], group: 'Store' },
      { ...columns[1], group: 'Store' },
    ] as ListColumn<Row>[];
    renderElement(<ListView label="Products" list={pagedList()} columns={grouped} rowId={rowId} empty={null} />);
    expect(screen.getAllByRole('columnheader', { name: 'Store' })).toHaveLength(1);
  });
});

describe('FilterBar', () => {
  const filters: Filter[] = [
    { key: 'state', label: 'State', kind: 'choice', options: [{ value: 'new', label: 'New' }] },
    { key: 'product', label: 'Product', kind: 'text' },
    { key: 'manual_hold', label: 'On hold', kind: 'flag' },
    { key: 'owner', label: 'Owner', kind: 'choice', options: [] },
  ];
  function Filters() {
    const [values, change] = useUrlFilters(['search', 'state', 'product', 'manual_hold', 'owner']);
    return <FilterBar search="Find a product" filters={filters} values={values} onChange={change} />;
  }
  const addFilter = async (name: string) => {
    await userEvent.click(screen.getByRole('button', { name: 'Filter' }));
    await userEvent.click(await screen.findByRole('button', { name }));
  };

  test('a choice is stored in the URL and shown as a chip', async () => {
    const { router } = renderElement(<Filters />, '/?after=K2');
    await addFilter('State');
    await userEvent.click(await screen.findByRole('button', { name: 'New' }));
    expect(router.state.location.search).toBe('?state=new');
    await userEvent.click(screen.getByRole('button', { name: 'Remove filter State: New' }));
    expect(router.state.location.search).toBe('');
  });

  test('a text filter is applied on submit', async () => {
    const { router } = renderElement(<Filters />);
    await addFilter('Product');
    await userEvent.type(await screen.findByLabelText('Product'), ' LAMP {Enter}');
    expect(router.state.location.search).toBe('?product=LAMP');
  });

  test('a flag needs no value', async () => {
    const { router } = renderElement(<Filters />);
    await addFilter('On hold');
    expect(router.state.location.search).toBe('?manual_hold=true');
  });

  test('a choice without options explains itself', async () => {
    renderElement(<Filters />);
    await addFilter('Owner');
    expect(await screen.findByText('Nothing to choose yet')).toBeVisible();
  });

  test('several filters are cleared together', async () => {
    const { router } = renderElement(<Filters />, '/?state=new&product=LAMP');
    await userEvent.click(screen.getByRole('button', { name: 'Clear all' }));
    expect(router.state.location.search).toBe('');
  });

  test('the search is applied by Enter and cleared', async () => {
    const { router } = renderElement(<Filters />);
    await userEvent.type(screen.getByRole('textbox', { name: 'Find a product' }), 'oak{Enter}');
    expect(router.state.location.search).toBe('?search=oak');
    await userEvent.clear(screen.getByRole('textbox', { name: 'Find a product' }));
    expect(router.state.location.search).toBe('');
  });
});

describe('BulkActionBar', () => {
  const action = (part: Partial<BulkAction> = {}): BulkAction => ({
    name: 'hold',
    label: 'Hold',
    description: 'Processing stops.',
    reasonPlaceholder: 'Why',
    run: (ids) => Promise.resolve(ids.map((id) => ({ id, ok: id === '1', reason: id === '1' ? '' : 'Shipped' }))),
    ...part,
  });
  const selectedRows = [
    { id: '1', label: 'Lamp' },
    { id: '2', label: 'Chair' },
  ];
  const renderBar = (bulkAction: BulkAction, onDone = vi.fn(), onClear = vi.fn()) =>
    renderElement(
      <BulkActionBar selectedRows={selectedRows} actions={[bulkAction]} noun={['product', 'products']} onClear={onClear} onDone={onDone} />,
    );

  test('explains the action, sends the reason and reports row by row', async () => {
    const run = vi.fn(action().run);
    const onDone = vi.fn();
    renderBar(action({ run }), onDone);
    expect(screen.getByText('2 products selected')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('Processing stops.')).toBeInTheDocument();
    await userEvent.type(within(dialog).getByLabelText('Reason'), ' Customer request ');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 2 products' }));
    expect(await within(dialog).findByText('Shipped')).toBeVisible();
    expect(run).toHaveBeenCalledWith(['1', '2'], 'Customer request');
    expect(within(dialog).getAllByRole('listitem')[0]).toHaveTextContent('Chair');
    expect(onDone).toHaveBeenCalledOnce();
  });

  test('a required reason must be given', async () => {
    renderBar(action({ reasonRequired: true }));
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    const dialog = await screen.findByRole('dialog');
    const confirm = within(dialog).getByRole('button', { name: 'Hold 2 products' });
    expect(confirm).toHaveAccessibleDescription('Enter a reason');
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'x');
    expect(confirm).not.toHaveAttribute('aria-disabled');
  });

  test('outcomes may have their own labels', async () => {
    renderBar(action({ reasonPlaceholder: undefined, outcomeLabels: ['released', 'still waiting'] }));
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).queryByLabelText('Reason')).toBeNull();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 2 products' }));
    expect(await within(dialog).findByText(/still waiting/)).toHaveTextContent('1 released, 1 still waiting.');
  });

  test('the report stays open when the rows leave the list', async () => {
    function List() {
      const [shown, setShown] = useState(selectedRows);
      return (
        <BulkActionBar
          selectedRows={shown}
          actions={[action({ reasonPlaceholder: undefined })]}
          noun={['product', 'products']}
          onClear={vi.fn()}
          onDone={() => setShown([])}
        >
          <p>Filters</p>
        </BulkActionBar>
      );
    }
    renderElement(<List />);
    expect(screen.getByText('Filters').parentElement).toHaveAttribute('data-covered', 'true');
    await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Hold 2 products' }));
    await waitFor(() => expect(screen.queryByRole('toolbar')).toBeNull());
    expect(screen.getByText('Filters').parentElement).toHaveAttribute('data-covered', 'false');
    const dialog = screen.getByRole('dialog');
    expect(within(dialog).getByText(/not changed/)).toHaveTextContent('1 done, 1 not changed.');
    expect(within(dialog).getByText('Lamp')).toBeInTheDocument();
  });

  test('the selection is cleared', async () => {
    const onClear = vi.fn();
    renderBar(action(), vi.fn(), onClear);
    await userEvent.click(screen.getByRole('button', { name: 'Clear selection' }));
    expect(onClear).toHaveBeenCalledOnce();
  });
});

describe('ActionableList', () => {
  const renderActionable = (path = '/', listRows = rows) => {
    function List() {
      const [values, change] = useUrlFilters(['product']);
      return (
        <ActionableList
          label="Products"
          list={pagedList({ rows: listRows })}
          columns={columns}
          rowId={rowId}
          rowName={rowName}
          noun={['product', 'products']}
          filters={[{ key: 'product', label: 'Product', kind: 'text' }]}
          values={values}
          onChange={change}
          actions={(selected) => [{ name: 'close', label: `Close ${selected.length}`, description: '', run: () => Promise.resolve([]) }]}
          isSelectable={(row) => row.units > 5}
          icon={null}
          empty={{ title: 'No products', description: 'Import products.' }}
          noMatch={{ title: 'No matching products', description: 'Remove a filter.' }}
        />
      );
    }
    return renderElement(<List />, path);
  };

  test('only selectable rows get actions', async () => {
    renderActionable();
    await userEvent.click(screen.getByRole('checkbox', { name: 'Select Lamp' }));
    expect(screen.queryByRole('toolbar')).toBeNull();
    await userEvent.click(screen.getByRole('checkbox', { name: 'Select Chair' }));
    expect(screen.getByRole('button', { name: 'Close 1' })).toBeVisible();
  });

  test('an empty list differs from one without matches', async () => {
    const { router } = renderActionable('/?product=LAMP', []);
    expect(screen.getByText('No matching products')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(await screen.findByText('No products')).toBeVisible();
    expect(router.state.location.search).toBe('');
  });
});

describe('ExportButton', () => {
  test('downloads all rows as CSV', async () => {
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: () => 'blob:1', revokeObjectURL: () => undefined }));
    renderElement(<ExportButton name="products" columns={columns} fetch={() => Promise.resolve({ items: rows, next: null })} />);
    await userEvent.click(screen.getByRole('button', { name: 'Export' }));
    await waitFor(() => expect(click).toHaveBeenCalledOnce());
    click.mockRestore();
  });

  test('reports why an export stopped', async () => {
    renderElement(<ExportButton name="products" columns={columns} fetch={() => Promise.reject(new Error('no connection'))} />);
    await userEvent.click(screen.getByRole('button', { name: 'Export' }));
    expect(await screen.findByText('The export stopped: no connection')).toBeVisible();
  });
});

describe('usePagedList', () => {
  test('holds back new rows until they are requested or reloaded', async () => {
    let items = rows.slice(0, 1);
    let list: PagedList<Row> | undefined;
    const query = {};
    const fetch = () => Promise.resolve({ items, next: null });
    function List() {
      list = usePagedList({ name: 'products', query, fetch, rowId });
      return <p>{list.rows.map(rowName).join(', ')}</p>;
    }
    const { queries } = renderElement(<List />);
    expect(await screen.findByText('Lamp')).toBeVisible();
    items = rows.toReversed();
    await act(() => queries.invalidateQueries({ queryKey: ['products', 'list'] }));
    await waitFor(() => expect(list?.newRows.map(rowName)).toEqual(['Chair']));
    expect(screen.getByText('Lamp')).toBeVisible();
    act(() => list?.showNewRows());
    expect(await screen.findByText('Chair, Lamp')).toBeVisible();
    items = [{ id: '3', name: 'Vase', units: 1 }];
    act(() => list?.reload());
    expect(await screen.findByText('Vase')).toBeVisible();
  });
});
