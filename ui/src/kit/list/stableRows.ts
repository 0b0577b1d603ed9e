export interface StableRows<T> {
  rows: T[];
  /** Rows of the latest answer that are not shown yet. */
  newRows: T[];
  /** Ids that are shown but no longer belong (they changed and left the filter). */
  departedIds: ReadonlySet<string>;
}

/**
 * What to show when a list answered anew: the same rows in the same places with their latest values, so that nothing
 * moves under the reader's eye. A shown row counts as left when a row below it is still in the answer and it is not;
 * rows pushed past the page's end merely keep their last known values.
 */
export function stableRows<T>(displayed: readonly T[], latest: readonly T[], rowId: (row: T) => string): StableRows<T> {
  const latestById = new Map(latest.map((row) => [rowId(row), row]));
  const shownIds = new Set(displayed.map(rowId));
  let lastPresentIndex = -1;
  displayed.forEach((row, index) => {
    if (latestById.has(rowId(row))) lastPresentIndex = index;
  });
  const left = new Set<string>();
  const rows = displayed.map((row, index) => {
    const id = rowId(row);
    const latestRow = latestById.get(id);
    if (latestRow === undefined && index < lastPresentIndex) left.add(id);
    return latestRow ?? row;
  });
  return { rows, newRows: latest.filter((row) => !shownIds.has(rowId(row))), departedIds: left };
}
