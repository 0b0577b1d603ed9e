import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test, vi } from 'vitest';
import { renderRoutes } from '@tests/harness';
import { BulkActionBar, type BulkAction } from './BulkActionBar';
import BulkRunChips from './BulkRunChips';
import { addRefusals, countFirstPage, countLabel, groupResults, matchingByPage, type MatchingRows, type Portion } from './matching';

const hold: BulkAction = {
  name: 'hold',
  label: 'Hold',
  description: 'Processing stops.',
  reasonPlaceholder: 'Why',
  run: (ids) => Promise.resolve(ids.map((id) => ({ id, ok: true, reason: '' }))),
};
const portion = (part: Partial<Portion>): Portion => ({ matched: 200, changed: 200, refused: [], next: null, ...part });
const refused = (reason: string, count: number) => ({ reason, count, rows: [{ id: reason, label: `of ${reason}` }] });

function renderBar(matching: MatchingRows, onDone = vi.fn(), onClear = vi.fn()) {
  renderRoutes(
    [
      {
        path: '/',
        element: (
          <>
            <BulkRunChips />
            <BulkActionBar
              selectedRows={[{ id: '1', label: 'Lamp' }]}
              actions={[hold]}
              noun={['order', 'orders']}
              onClear={onClear}
              onDone={onDone}
              matching={matching}
            />
          </>
        ),
      },
    ],
    '/',
  );
  return { onDone, onClear };
}

async function openDialog(): Promise<HTMLElement> {
  await userEvent.click(screen.getByRole('button', { name: 'Select all matching orders' }));
  expect(await screen.findByText(/All .* matching orders selected/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Hold' }));
  return screen.findByRole('dialog');
}

describe('an action on everything that matches', () => {
  test('works in portions and reports refusals by reason', async () => {
    const act = vi
      .fn<MatchingRows['act']>()
      .mockResolvedValueOnce(portion({ changed: 190, refused: [refused('shipped', 10)], next: 'K2' }))
      .mockResolvedValueOnce(portion({ changed: 150, refused: [refused('canceled', 45), refused('shipped', 5)], next: null }));
    const { onDone, onClear } = renderBar({ count: () => Promise.resolve({ count: 400, limit: 1000 }), act });
    const dialog = await openDialog();
    await userEvent.type(within(dialog).getByLabelText('Reason'), ' Recount ');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 400 orders' }));

    expect(await within(dialog).findByText(/not changed/)).toHaveTextContent('340 done, 60 not changed.');
    const groups = within(dialog).getAllByRole('listitem');
    expect(groups.map((group) => group.textContent)).toEqual([
      'canceled · 45of canceled and 44 more',
      'shipped · 15of shipped, of shipped and 13 more',
    ]);
    expect(act.mock.calls.map(([action, reason, after]) => [action.name, reason, after])).toEqual([
      ['hold', 'Recount', undefined],
      ['hold', 'Recount', 'K2'],
    ]);
    expect(onDone).toHaveBeenCalledOnce();
    await userEvent.click(within(dialog).getAllByRole('button', { name: 'Close' }).at(-1)!);
    expect(onClear).toHaveBeenCalledOnce();
  });

  test('continues after a failure where it ended', async () => {
    const act = vi
      .fn<MatchingRows['act']>()
      .mockResolvedValueOnce(portion({ next: 'K2' }))
      .mockRejectedValueOnce(new Error('connection lost'))
      .mockResolvedValueOnce(portion({ matched: 50, changed: 50 }));
    renderBar({ count: () => Promise.resolve({ count: 1000, limit: 1000 }), act });
    const dialog = await openDialog();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 1,000 or more orders' }));
    expect(await within(dialog).findByText('connection lost')).toBeVisible();
    expect(within(dialog).getByText(/200/)).toBeInTheDocument();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Continue' }));
    await waitFor(() => expect(within(dialog).getByText(/done/)).toHaveTextContent('250 done.'));
    expect(act.mock.calls.map(([, , after]) => after)).toEqual([undefined, 'K2', 'K2']);
  });

  test('is stopped between two portions', async () => {
    let finish: (value: Portion) => void = () => undefined;
    const act = vi.fn<MatchingRows['act']>(
      () =>
        new Promise<Portion>((resolve) => {
          finish = resolve;
        }),
    );
    renderBar({ count: () => Promise.resolve({ count: null, limit: 1000 }), act });
    const dialog = await openDialog();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold many orders' }));
    await userEvent.click(await within(dialog).findByRole('button', { name: 'Stop' }));
    finish(portion({ next: 'K2' }));
    expect(await within(dialog).findByText(/Stopped\. The remaining orders were not changed/)).toBeVisible();
    expect(act).toHaveBeenCalledOnce();
  });

  test('goes on when its dialog is closed, and leads back to its report', async () => {
    const finish: ((value: Portion) => void)[] = [];
    const act = vi.fn<MatchingRows['act']>(() => new Promise<Portion>((resolve) => finish.push(resolve)));
    const { onDone } = renderBar({ count: () => Promise.resolve({ count: 400, limit: 1000 }), act });
    const dialog = await openDialog();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Hold 400 orders' }));
    await userEvent.click(await within(dialog).findByRole('button', { name: 'Continue in background' }));
    expect(screen.queryByRole('dialog')).toBeNull();
    finish[0]!(portion({ next: 'K2' }));
    expect(await screen.findByRole('button', { name: 'Hold: 200 of 400 orders' })).toBeVisible();
    await waitFor(() => expect(act).toHaveBeenCalledTimes(2));
    finish[1]!(portion({ refused: [refused('shipped', 1)] }));
    await userEvent.click(await screen.findByRole('button', { name: 'Hold: 400 done' }));
    expect(await screen.findByRole('dialog')).toHaveTextContent('400 done, 1 not changed.');
    expect(onDone).toHaveBeenCalledOnce();
    await userEvent.click(screen.getAllByRole('button', { name: 'Close' }).at(-1)!);
    expect(screen.queryByRole('button', { name: 'Hold: 400 done' })).toBeNull();
  });
});

describe('matching rows of a list', () => {
  const rows = Array.from({ length: 3 }, (_, index) => ({ id: String(index), name: `Row ${index}` }));
  const fetch = vi.fn((page: { after?: string; limit: number }) =>
    Promise.resolve(page.after === undefined ? { items: rows.slice(0, 2), next: 'K2' } : { items: rows.slice(2), next: null }),
  );
  const matching = matchingByPage(
    fetch,
    (row) => row.id,
    (row) => row.name,
  );
  test('are acted on page by page', async () => {
    const run = vi.fn((ids: string[]) => Promise.resolve(ids.map((id) => ({ id, ok: id !== '1', reason: id === '1' ? 'shipped' : '' }))));
    const first = await matching.act({ ...hold, run }, 'why', undefined);
    expect(first).toEqual({
      matched: 2,
      changed: 1,
      refused: [{ reason: 'shipped', count: 1, rows: [{ id: '1', label: 'Row 1' }] }],
      next: 'K2',
    });
    expect(await matching.act({ ...hold, run }, 'why', 'K2')).toEqual({ matched: 1, changed: 1, refused: [], next: null });
    expect(run.mock.calls).toEqual([
      [['0', '1'], 'why'],
      [['2'], 'why'],
    ]);
  });

  test('are counted by their first page', async () => {
    expect(await countFirstPage(fetch)).toEqual({ count: 2, limit: 2 });
    expect(await countFirstPage(() => Promise.resolve({ items: rows, next: null }))).toEqual({ count: 3, limit: 101 });
  });

  test('no rows need no action', async () => {
    const run = vi.fn(hold.run);
    const nothing = matchingByPage<{ id: string }>(
      () => Promise.resolve({ items: [] }),
      (row) => row.id,
      (row) => row.id,
    );
    expect(await nothing.act({ ...hold, run }, '', undefined)).toEqual({ matched: 0, changed: 0, refused: [], next: null });
    expect(run).not.toHaveBeenCalled();
  });
});

test('groups list twenty rows and count all', () => {
  const results = Array.from({ length: 25 }, (_, index) => ({ id: String(index), ok: false, reason: 'shipped' }));
  const [group] = groupResults(results, false, (id) => `Order ${id}`);
  expect(group).toMatchObject({ reason: 'shipped', count: 25 });
  expect(group?.rows).toHaveLength(20);
  expect(addRefusals(group ? [group] : [], [refused('canceled', 30)]).map((item) => item.reason)).toEqual(['canceled', 'shipped']);
});

test.each([
  [{ count: 1204, limit: 5000 }, '1204'],
  [{ count: 1000, limit: 1000 }, '1000 or more'],
  [{ count: null, limit: 1000 }, 'many'],
])('the count %j reads %s', (count, text) => {
  expect(countLabel(count, String)).toBe(text);
});
