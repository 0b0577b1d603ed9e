import type { BulkAction } from './BulkActionBar';

/** A capped number: null when counting took too long. */
export interface MatchingCount {
  count: number | null;
  limit: number;
}

export interface RefusedGroup {
  reason: string;
  count: number;
  /** The rows of this reason; only the first ones when there are many. */
  rows: { id: string; label: string }[];
}

/** The result of one portion of the rows that match; `next` is where the next one starts, null after the last one. */
export interface Portion {
  matched: number;
  changed: number;
  refused: RefusedGroup[];
  next: string | null;
}

/** Everything that matches the filters of a list, for actions on more than one page. */
export interface MatchingRows {
  count: (signal?: AbortSignal) => Promise<MatchingCount>;
  /** A portion that has begun is not interrupted: its result would be unknown. */
  act: (action: BulkAction, reason: string, after: string | undefined) => Promise<Portion>;
}

type FetchPage<T> = (page: { after?: string; limit: number }, signal?: AbortSignal) => Promise<{ items: T[]; next?: string | null }>;

const PORTION = 200;
const COUNTED = 100;
const MAX_EXAMPLES = 20;

/** Add refused rows to groups of the same reason, the most frequent reason first. */
export function addRefusals(groups: readonly RefusedGroup[], added: readonly RefusedGroup[]): RefusedGroup[] {
  const byReason = new Map(groups.map((group) => [group.reason, group]));
  for (const group of added) {
    const known = byReason.get(group.reason);
    byReason.set(group.reason, {
      reason: group.reason,
      count: (known?.count ?? 0) + group.count,
      rows: [...(known?.rows ?? []), ...group.rows].slice(0, MAX_EXAMPLES),
    });
  }
  return [...byReason.values()].toSorted((one, other) => other.count - one.count);
}

interface RowResult {
  id: string;
  ok: boolean;
  reason: string;
}

/** Group the results that succeeded, or those that did not, by reason. */
export const groupResults = (results: readonly RowResult[], ok: boolean, label: (id: string) => string): RefusedGroup[] =>
  addRefusals(
    [],
    results
      .filter((result) => result.ok === ok)
      .map((result) => ({ reason: result.reason, count: 1, rows: [{ id: result.id, label: label(result.id) }] })),
  );

/** Count the rows of a list by its first page. */
export async function countFirstPage<T>(fetch: FetchPage<T>, signal?: AbortSignal): Promise<MatchingCount> {
  const page = await fetch({ limit: COUNTED }, signal);
  return { count: page.items.length, limit: page.next ? page.items.length : COUNTED + 1 };
}

/** Act on all rows of a list page by page, with the list and the actions that it has. */
export function matchingByPage<T>(fetch: FetchPage<T>, rowId: (row: T) => string, rowName: (row: T) => string): MatchingRows {
  return {
    count: (signal) => countFirstPage(fetch, signal),
    act: async (action, reason, after) => {
      const page = await fetch({ after, limit: PORTION });
      const names = new Map(page.items.map((row) => [rowId(row), rowName(row)]));
      const results = names.size === 0 ? [] : await action.run([...names.keys()], reason);
      return {
        matched: results.length,
        changed: results.filter((result) => result.ok).length,
        refused: groupResults(results, false, (id) => names.get(id) ?? id),
        next: page.next ?? null,
      };
    },
  };
}

/** The count as text: "1,204", "1,000 or more". */
export function countLabel({ count, limit }: MatchingCount, format: (value: number) => string): string {
  if (count === null) return 'many';
  return count >= limit ? `${format(limit)} or more` : format(count);
}
