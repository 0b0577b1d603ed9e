export interface StableRows<T> {
  rows: T[];
  /** Rows of the latest page that are not displayed yet. */
  newRows: T[];
  /** Displayed rows that no longer match the filter. */
  departedIds: ReadonlySet<string>;
}

/**
 * Merge a refreshed page into the displayed rows: rows keep their position and get their latest values. A
 * displayed row has departed when it is missing but a row below it is present, or when the page is the last one; rows
 * beyond the end of another page keep their last values.
 */
export function stableRows<T>(displayed: readonly T[], latest: readonly T[], rowId: (row: T) => string, isLastPage = false): StableRows<T> {
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
    if (latestRow === undefined && (isLastPage || index < lastPresentIndex)) left.add(id);
    return latestRow ?? row;
  });
  return { rows, newRows: latest.filter((row) => !shownIds.has(rowId(row))), departedIds: left };
}
