import type { ListColumn } from './columns';

const PAGE_SIZE = 500;

/** Encode a cell as in RFC 4180; text that spreadsheets would run as a formula is escaped. */
export function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const escaped = /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
  return /[",\n\r]/.test(escaped) ? `"${escaped.replaceAll('"', '""')}"` : escaped;
}

export function csvRows<T>(columns: readonly ListColumn<T>[], rows: readonly T[]): string {
  return rows.map((row) => columns.map((column) => csvCell(column.exportValue?.(row) ?? '')).join(',') + '\r\n').join('');
}

interface Export<T> {
  columns: readonly ListColumn<T>[];
  fetch: (page: { after?: string; limit: number }, signal: AbortSignal) => Promise<{ items: T[]; next?: string | null }>;
  signal: AbortSignal;
  onProgress: (rows: number) => void;
}

/** Export all matching rows page by page. */
export async function exportCsv<T>({ columns, fetch, signal, onProgress }: Export<T>): Promise<Blob> {
  const exportedColumns = columns.filter((column) => column.exportValue !== undefined);
  const parts: string[] = ['\uFEFF', exportedColumns.map((column) => csvCell(column.title)).join(',') + '\r\n'];
  let after: string | undefined;
  let count = 0;
  do {
    const page = await fetch({ after, limit: PAGE_SIZE }, signal);
    parts.push(csvRows(exportedColumns, page.items));
    count += page.items.length;
    onProgress(count);
    after = page.next ?? undefined;
  } while (after !== undefined && !signal.aborted);
  return new Blob(parts, { type: 'text/csv;charset=utf-8' });
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
