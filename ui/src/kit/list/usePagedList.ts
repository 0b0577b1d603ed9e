import { type Change, useLive } from '@client/live';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { steady } from './stableRows';

interface PageOf<T> {
  items: T[];
  next?: string | null;
}

interface Options<T, Q> {
  /** First part of the query key; also what live changes invalidate. */
  name: string;
  query: Q;
  fetch: (query: Q & { after?: string; limit: number }, signal: AbortSignal) => Promise<PageOf<T>>;
  idOf: (row: T) => string;
  /** Does this change concern the list? Absent: the list is not live. */
  concerns?: (change: Change) => boolean;
  limit?: number;
}

export interface PagedList<T> {
  rows: T[];
  left: ReadonlySet<string>;
  fresh: T[];
  showFresh: () => void;
  loading: boolean;
  refreshing: boolean;
  error: unknown;
  retry: () => void;
  /** Ask again and show what comes as it is, new rows too: for what the reader did themselves. */
  renew: () => void;
  next: (() => void) | undefined;
  previous: (() => void) | undefined;
}

interface Shown<T> {
  key: string;
  answer: PageOf<T> | undefined;
  rows: T[];
  left: ReadonlySet<string>;
  fresh: T[];
  /** The next answer is shown as it is. */
  renew?: boolean;
}

const nothing: ReadonlySet<string> = new Set();

/** A keyset list whose place lives in the URL (`after`) and whose rows stay put while it refreshes. */
export function usePagedList<T, Q extends object>({ name, query, fetch, idOf, concerns, limit = 50 }: Options<T, Q>): PagedList<T> {
  const [params] = useSearchParams();
  const location = useLocation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const after = params.get('after') ?? undefined;
  const key = JSON.stringify([name, query, after]);
  const answer = useQuery({
    queryKey: [name, 'list', query, after],
    queryFn: ({ signal }) => fetch({ ...query, after, limit }, signal),
  });

  const [shown, setShown] = useState<Shown<T>>({ key: '', answer: undefined, rows: [], left: nothing, fresh: [] });
  if (answer.data !== undefined && (shown.key !== key || shown.answer !== answer.data)) {
    const adopt = shown.key !== key || shown.rows.length === 0 || shown.renew === true;
    const next = adopt ? { rows: answer.data.items, fresh: [], left: nothing } : steady(shown.rows, answer.data.items, idOf);
    setShown({ key, answer: answer.data, ...next, fresh: after === undefined ? next.fresh : [] });
  }
  const current = shown.key === key;

  useLive((changes) => {
    if (concerns && changes.some(concerns)) void queries.invalidateQueries({ queryKey: [name, 'list'] });
  }, 2000);

  const goTo = useCallback(
    (cursor: string | undefined, trail: (string | null)[]) => {
      const search = new URLSearchParams(params);
      if (cursor === undefined) search.delete('after');
      else search.set('after', cursor);
      void navigate({ search: search.toString() }, { state: { trail } });
    },
    [navigate, params],
  );
  const trail = (location.state as { trail?: (string | null)[] } | null)?.trail ?? [];
  const nextCursor = current ? answer.data?.next : undefined;

  return {
    rows: current ? shown.rows : [],
    left: shown.left,
    fresh: current ? shown.fresh : [],
    showFresh: () => {
      if (answer.data) setShown({ key, answer: answer.data, rows: answer.data.items, left: nothing, fresh: [] });
    },
    loading: answer.isPending,
    refreshing: answer.isFetching,
    error: answer.error,
    retry: () => void answer.refetch(),
    renew: () => {
      setShown((before) => ({ ...before, renew: true }));
      void queries.invalidateQueries({ queryKey: [name, 'list'] });
    },
    next: nextCursor ? () => goTo(nextCursor, [...trail, after ?? null]) : undefined,
    previous: after === undefined ? undefined : () => goTo(trail.at(-1) ?? undefined, trail.slice(0, -1)),
  };
}
