import type { PagedList } from '.';
import type { UseQueryResult } from '@tanstack/react-query';

/** A list that comes in one answer, as `ListView` takes it. */
export function asPagedList<T>(query: UseQueryResult<T[]>, rows: T[]): PagedList<T> {
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
