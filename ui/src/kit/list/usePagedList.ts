import { attentionKey } from '@client/attention';
import { type Change, useLive } from '@client/live';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { stableRows } from './stableRows';

interface PageOf<T> {
  items: T[];
  next?: string | null;
}

interface Options<T, Q> {
  /** First part of the query key, invalidated by live changes. */
  name: string;
  query: Q;
  fetch: (query: Q & { after?: string; limit: number }, signal: AbortSignal) => Promise<PageOf<T>>;
  rowId: (row: T) => string;
  /** Whether a change affects the list; absent when the list is not live. */
  isRelevant?: (change: Change) => boolean;
  limit?: number;
}

export interface PagedList<T> {
  rows: T[];
  departedIds: ReadonlySet<string>;
  newRows: T[];
  showNewRows: () => void;
  loading: boolean;
  /** Whether the rows are those of the filters before, until those of the current ones arrive. */
  stale?: boolean;
  refreshing: boolean;
  error: unknown;
  retry: () => void;
  /** Refetch the list and its counts, and display the result: after the user's own changes. */
  reload: () => void;
  next: (() => void) | undefined;
  previous: (() => void) | undefined;
}

interface Displayed<T> {
  key: string;
  after?: string;
  page: PageOf<T> | undefined;
  rows: T[];
  departedIds: ReadonlySet<string>;
  newRows: T[];
  /** Whether the next result replaces the displayed rows. */
  adoptNext?: boolean;
}

const noIds: ReadonlySet<string> = new Set();

/** A keyset-paginated list. The cursor is stored in the URL; rows keep their position while refreshing. */
export function usePagedList<T, Q extends object>({ name, query, fetch, rowId, isRelevant, limit = 50 }: Options<T, Q>): PagedList<T> {
  const [params] = useSearchParams();
  const location = useLocation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const after = params.get('after') ?? undefined;
  const key = JSON.stringify([name, query, after]);
  const pageQuery = useQuery({
    queryKey: [name, 'list', query, after],
    queryFn: ({ signal }) => fetch({ ...query, after, limit }, signal),
  });

  const [displayed, setDisplayed] = useState<Displayed<T>>({ key: '', page: undefined, rows: [], departedIds: noIds, newRows: [] });
  if (pageQuery.data !== undefined && (displayed.key !== key || displayed.page !== pageQuery.data)) {
    const adopt = displayed.key !== key || displayed.rows.length === 0 || displayed.adoptNext === true;
    const next = adopt
      ? { rows: pageQuery.data.items, newRows: [], departedIds: noIds }
      : stableRows(displayed.rows, pageQuery.data.items, rowId, !pageQuery.data.next);
    setDisplayed({ key, after, page: pageQuery.data, ...next, newRows: after === undefined ? next.newRows : [] });
  }
  const isCurrent = displayed.key === key;

  useLive((changes) => {
    if (isRelevant && changes.some(isRelevant)) void queryClient.invalidateQueries({ queryKey: [name, 'list'] });
  }, 2000);

  const goTo = useCallback(
    (cursor: string | undefined, pageTrail: (string | null)[]) => {
      const search = new URLSearchParams(params);
      if (cursor === undefined) search.delete('after');
      else search.set('after', cursor);
      void navigate({ search: search.toString() }, { state: { pageTrail } });
    },
    [navigate, params],
  );
  const trail = (location.state as { pageTrail?: (string | null)[] } | null)?.pageTrail ?? [];
  // Another search or filter keeps the rows until its own arrive; another page does not.
  const stale = pageQuery.isPending && displayed.rows.length > 0 && after === undefined && displayed.after === undefined;
  const nextCursor = isCurrent ? pageQuery.data?.next : undefined;

  return {
    rows: isCurrent || stale ? displayed.rows : [],
    departedIds: displayed.departedIds,
    newRows: isCurrent ? displayed.newRows : [],
    showNewRows: () => {
      if (pageQuery.data) setDisplayed({ key, after, page: pageQuery.data, rows: pageQuery.data.items, departedIds: noIds, newRows: [] });
    },
    loading: pageQuery.isPending && !stale,
    stale,
    refreshing: pageQuery.isFetching,
    error: pageQuery.error,
    retry: () => void pageQuery.refetch(),
    reload: () => {
      setDisplayed((before) => ({ ...before, adoptNext: true }));
      void queryClient.invalidateQueries({ queryKey: [name] });
      void queryClient.invalidateQueries({ queryKey: attentionKey });
    },
    next: nextCursor ? () => goTo(nextCursor, [...trail, after ?? null]) : undefined,
    previous: after === undefined ? undefined : () => goTo(trail.at(-1) ?? undefined, trail.slice(0, -1)),
  };
}
