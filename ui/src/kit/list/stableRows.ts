export interface Steady<T> {
  rows: T[];
  /** Rows of the latest answer that are not shown yet. */
  fresh: T[];
  /** Ids that are shown but no longer belong (they changed and left the filter). */
  left: ReadonlySet<string>;
}

/**
 * What to show when a list answered anew: the same rows in the same places with their latest values, so that nothing
 * moves under the reader's eye. A shown row counts as left when a row below it is still in the answer and it is not;
 * rows pushed past the page's end merely keep their last known values.
 */
export function steady<T>(shown: readonly T[], latest: readonly T[], idOf: (row: T) => string): Steady<T> {
  const newest = new Map(latest.map((row) => [idOf(row), row]));
  const shownIds = new Set(shown.map(idOf));
  let lastPresent = -1;
  shown.forEach((row, index) => {
    if (newest.has(idOf(row))) lastPresent = index;
  });
  const left = new Set<string>();
  const rows = shown.map((row, index) => {
    const id = idOf(row);
    const now = newest.get(id);
    if (now === undefined && index < lastPresent) left.add(id);
    return now ?? row;
  });
  return { rows, fresh: latest.filter((row) => !shownIds.has(idOf(row))), left };
}
