import { act, screen, waitFor } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { renderRoutes } from '@tests/harness';
import { type PagedList, usePagedList, useUrlFilters } from '.';

interface Row {
  id: string;
}
const pages: Record<string, { items: Row[]; next: string | null }> = {
  '': { items: [{ id: 'a' }, { id: 'b' }], next: 'P2' },
  P2: { items: [{ id: 'c' }, { id: 'd' }], next: 'P3' },
  P3: { items: [{ id: 'e' }], next: null },
};
const rowId = (row: Row): string => row.id;
const query = {};

/** Render a list of three pages. Returns the current list and the requested cursors. */
function renderList(path = '/') {
  const requested: (string | undefined)[] = [];
  const limits: number[] = [];
  let current: PagedList<Row> | undefined;
  let fails = false;
  const fetch = ({ after, limit }: { after?: string; limit: number }) => {
    requested.push(after);
    limits.push(limit);
    return fails ? Promise.reject(new Error('The list is not available')) : Promise.resolve(pages[after ?? '']!);
  };
  function List() {
    current = usePagedList({ name: 'letters', query, fetch, rowId });
    return <p>{current.rows.map(rowId).join(' ') || 'no rows'}</p>;
  }
  const rendered = renderRoutes([{ path: '/', Component: List }], path);
  return {
    ...rendered,
    requested,
    limits,
    list: () => current!,
    fail: (next: boolean) => {
      fails = next;
    },
  };
}

describe('the pages of a list', () => {
  test('the next page is requested by cursor, and the cursor is in the URL', async () => {
    const { router, list, requested, limits } = renderList();
    await screen.findByText('a b');
    expect(list().previous).toBeUndefined();
    act(() => list().next?.());
    await screen.findByText('c d');
    expect(router.state.location.search).toBe('?after=P2');
    expect(requested).toEqual([undefined, 'P2']);
    expect(limits).toEqual([50, 50]);
  });

  test('the previous page of the third page is the second one', async () => {
    const { router, list } = renderList();
    await screen.findByText('a b');
    act(() => list().next?.());
    await screen.findByText('c d');
    act(() => list().next?.());
    await screen.findByText('e');
    expect(list().next).toBeUndefined();
    act(() => list().previous?.());
    await screen.findByText('c d');
    expect(router.state.location.search).toBe('?after=P2');
    act(() => list().previous?.());
    await screen.findByText('a b');
    expect(router.state.location.search).toBe('');
    expect(list().previous).toBeUndefined();
  });

  test('a page opened by its URL leads back to the first page', async () => {
    const { router, list } = renderList('/?after=P3&state=new');
    await screen.findByText('e');
    act(() => list().previous?.());
    await screen.findByText('a b');
    expect(router.state.location.search).toBe('?state=new');
  });

  test('the rows of the former page are not shown under the next one', async () => {
    const { list } = renderList();
    await screen.findByText('a b');
    act(() => list().next?.());
    expect(list().rows.map(rowId)).not.toContain('a');
    await screen.findByText('c d');
  });

  test('new rows are not offered on later pages', async () => {
    const { list, queries } = renderList('/?after=P2');
    await screen.findByText('c d');
    const [second] = [pages.P2!];
    pages.P2 = { items: [{ id: 'z' }, ...second.items], next: 'P3' };
    await act(() => queries.invalidateQueries({ queryKey: ['letters', 'list'] }));
    await waitFor(() => expect(list().refreshing).toBe(false));
    expect(list().newRows).toEqual([]);
    expect(list().rows.map(rowId)).toEqual(['c', 'd']);
    pages.P2 = second;
  });
});

describe('a failing list', () => {
  test('has an error and can be retried', async () => {
    const { list, fail, requested } = renderList();
    await screen.findByText('a b');
    fail(true);
    act(() => list().next?.());
    await waitFor(() => expect(list().error).toEqual(new Error('The list is not available')));
    expect(screen.getByText('no rows')).toBeVisible();
    fail(false);
    act(() => list().retry());
    await screen.findByText('c d');
    expect(requested).toEqual([undefined, 'P2', 'P2']);
  });

  test('keeps its rows when a refresh fails', async () => {
    const { list, fail, queries } = renderList();
    await screen.findByText('a b');
    fail(true);
    await act(() => queries.invalidateQueries({ queryKey: ['letters', 'list'] }));
    await waitFor(() => expect(list().error).not.toBeNull());
    expect(list().rows.map(rowId)).toEqual(['a', 'b']);
  });
});

describe('filters in the URL', () => {
  function renderFilters(path: string) {
    let change: ((next: Record<string, string | undefined>) => void) | undefined;
    let values: Record<string, string | undefined> = {};
    function Filters() {
      [values, change] = useUrlFilters(['state', 'product']);
      return null;
    }
    const { router } = renderRoutes([{ path: '/', Component: Filters }], path);
    return {
      values: () => values,
      search: () => router.state.location.search,
      change: (next: Record<string, string | undefined>) => act(() => change?.(next)),
    };
  }

  test('only the named parameters are filters', () => {
    const { values } = renderFilters('/?state=new&tab=2&after=P2');
    expect(values()).toEqual({ state: 'new' });
  });

  test('a change leads to the first page and keeps other parameters', () => {
    const { change, search, values } = renderFilters('/?state=new&tab=2&after=P2');
    change({ product: 'LAMP' });
    expect(search()).toBe('?state=new&tab=2&product=LAMP');
    expect(values()).toEqual({ state: 'new', product: 'LAMP' });
  });

  test.each([undefined, ''])('the value %j removes a filter', (value) => {
    const { change, search } = renderFilters('/?state=new&product=LAMP');
    change({ state: value });
    expect(search()).toBe('?product=LAMP');
  });

  test('a replaced filter has its new value only', () => {
    const { change, search } = renderFilters('/?state=new');
    change({ state: 'on_hold' });
    expect(search()).toBe('?state=on_hold');
  });
});
