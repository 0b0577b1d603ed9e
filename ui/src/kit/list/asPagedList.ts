import type { PagedList } from '.';
import type { UseQueryResult } from '@tanstack/react-query';

/** A list that comes in one answer, as `ListView` takes it. */
export function wholeList<T>(answer: UseQueryResult<T[]>, rows: T[]): PagedList<T> {
  return {
    rows,
    left: new Set(),
    fresh: [],
    showFresh: () => undefined,
    renew: () => void answer.refetch(),
    loading: answer.isPending,
    refreshing: answer.isFetching,
    error: answer.error,
    retry: () => void answer.refetch(),
    next: undefined,
    previous: undefined,
  };
}
