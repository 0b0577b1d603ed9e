import type { PagedList } from '.';
import type { UseQueryResult } from '@tanstack/react-query';

/** Adapt a query that returns all rows to `ListView`. */
export function asPagedList<T>(query: UseQueryResult, rows: T[]): PagedList<T> {
  return {
    rows,
    departedIds: new Set(),
    newRows: [],
    showNewRows: () => undefined,
    reload: () => void query.refetch(),
    loading: query.isPending,
    refreshing: query.isFetching,
    error: query.error,
    retry: () => void query.refetch(),
    next: undefined,
    previous: undefined,
  };
}
