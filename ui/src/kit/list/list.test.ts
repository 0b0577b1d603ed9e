import { expect, test } from 'vitest';
import type { ListColumn } from './columns';
import { csvCell, exportCsv } from './csv';
import { stableRows } from './stableRows';

interface Row {
  id: string;
  state: string;
}
const row = (id: string, state = 'new'): Row => ({ id, state });
const rowId = (item: Row): string => item.id;

test('displayed rows keep their position and get their latest values, and new rows are not shown', () => {
  const shown = [row('c'), row('b'), row('a')];
  const latest = [row('e'), row('d'), row('c', 'shipped'), row('b')];
  const { rows, newRows, departedIds } = stableRows(shown, latest, rowId);
  expect(rows).toEqual([row('c', 'shipped'), row('b'), row('a')]);
  expect(newRows.map(rowId)).toEqual(['e', 'd']);
  expect([...departedIds]).toEqual([]);
});

test('a row that no longer matches the filter has departed, a row beyond the page has not', () => {
  const { departedIds } = stableRows([row('c'), row('b'), row('a')], [row('d'), row('b')], rowId);
  expect([...departedIds]).toEqual(['c']);
});

test.each([
  [[row('b')], ['c', 'a']],
  [[], ['c', 'b', 'a']],
])('a row that is missing from the last page has departed, wherever it is', (latest, departed) => {
  const { rows, departedIds } = stableRows([row('c'), row('b'), row('a')], latest, rowId, true);
  expect([...departedIds]).toEqual(departed);
  expect(rows).toHaveLength(3);
});

test('a page without any displayed row does not change the displayed rows', () => {
  const { rows, newRows, departedIds } = stableRows([row('a')], [row('z')], rowId);
  expect(rows).toEqual([row('a')]);
  expect(newRows).toEqual([row('z')]);
  expect(departedIds.size).toBe(0);
});

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', "'=1+1"],
  ['@cmd', "'@cmd"],
  ['-12.50', '-12.50'],
  [7, '7'],
])('the cell %j is written as %j', (value, written) => {
  expect(csvCell(value)).toBe(written);
});

test('an export follows every page and leaves out columns without text', async () => {
  const columns: ListColumn<Row>[] = [
    { id: 'id', title: 'Order', cell: rowId, exportValue: rowId },
    { id: 'picture', title: 'Picture', cell: () => null },
    { id: 'state', title: 'State', cell: () => null, exportValue: (item) => item.state },
  ];
  const request: (string | undefined)[] = [];
  const seen: number[] = [];
  const blob = await exportCsv({
    columns,
    signal: new AbortController().signal,
    onProgress: (rows) => seen.push(rows),
    fetch: ({ after }) => {
      request.push(after);
      return Promise.resolve(after ? { items: [row('b', 'on, hold')], next: null } : { items: [row('a')], next: 'p2' });
    },
  });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(new TextDecoder().decode(bytes)).toBe('Order,State\r\na,new\r\nb,"on, hold"\r\n');
  expect(request).toEqual([undefined, 'p2']);
  expect(seen).toEqual([1, 2]);
});
