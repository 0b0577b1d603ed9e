import { expect, test } from 'vitest';
import type { ListColumn } from './columns';
import { csvCell, exportCsv } from './csv';
import { steady } from './stableRows';

interface Row {
  id: string;
  state: string;
}
const row = (id: string, state = 'new'): Row => ({ id, state });
const idOf = (one: Row): string => one.id;

test('rows on screen keep their places and take their latest values, and new ones wait', () => {
  const shown = [row('c'), row('b'), row('a')];
  const latest = [row('e'), row('d'), row('c', 'shipped'), row('b')];
  const { rows, fresh, left } = steady(shown, latest, idOf);
  expect(rows).toEqual([row('c', 'shipped'), row('b'), row('a')]);
  expect(fresh.map(idOf)).toEqual(['e', 'd']);
  expect([...left]).toEqual([]);
});

test('a row that no longer fits the filter is marked as left, one pushed past the page is not', () => {
  const { left } = steady([row('c'), row('b'), row('a')], [row('d'), row('b')], idOf);
  expect([...left]).toEqual(['c']);
});

test('an answer that shares nothing with the screen leaves the screen as it was', () => {
  const { rows, fresh, left } = steady([row('a')], [row('z')], idOf);
  expect(rows).toEqual([row('a')]);
  expect(fresh).toEqual([row('z')]);
  expect(left.size).toBe(0);
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
    { key: 'id', title: 'Order', render: idOf, text: idOf },
    { key: 'picture', title: 'Picture', render: () => null },
    { key: 'state', title: 'State', render: () => null, text: (one) => one.state },
  ];
  const asked: (string | undefined)[] = [];
  const seen: number[] = [];
  const blob = await exportCsv({
    columns,
    signal: new AbortController().signal,
    onProgress: (rows) => seen.push(rows),
    fetch: ({ after }) => {
      asked.push(after);
      return Promise.resolve(after ? { items: [row('b', 'on, hold')], next: null } : { items: [row('a')], next: 'p2' });
    },
  });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(new TextDecoder().decode(bytes)).toBe('Order,State\r\na,new\r\nb,"on, hold"\r\n');
  expect(asked).toEqual([undefined, 'p2']);
  expect(seen).toEqual([1, 2]);
});
