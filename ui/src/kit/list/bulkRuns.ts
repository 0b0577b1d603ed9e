import { useSyncExternalStore } from 'react';
import type { BulkAction } from './BulkActionBar';
import { addRefusals, type MatchingCount, type MatchingRows, type RefusedGroup } from './matching';

/** An action on everything that matches, as the user confirmed it. */
export interface BulkJob {
  action: BulkAction;
  matching: MatchingRows;
  count: MatchingCount;
  noun: readonly [string, string];
  reason: string;
  /** Called when it ends, is stopped or fails: rows have changed. */
  onDone: () => void;
}

export interface BulkRun extends BulkJob {
  id: number;
  matched: number;
  changed: number;
  refused: readonly RefusedGroup[];
  /** Where the next portion starts. */
  next: string | undefined;
  state: 'running' | 'stopping' | 'stopped' | 'finished';
  error: unknown;
  /** Whether its dialog was closed before its end; the run is shown at the top of the page. */
  inBackground: boolean;
}

let runs: readonly BulkRun[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

const isActive = (run: BulkRun): boolean => run.state === 'running' || run.state === 'stopping';

const warnOfLoss = (event: BeforeUnloadEvent): void => event.preventDefault();

function publish(next: readonly BulkRun[]): void {
  runs = next;
  window.removeEventListener('beforeunload', warnOfLoss);
  if (runs.some(isActive)) window.addEventListener('beforeunload', warnOfLoss);
  for (const listener of listeners) listener();
}

const find = (id: number): BulkRun | undefined => runs.find((run) => run.id === id);
const change = (id: number, part: Partial<BulkRun>): void => publish(runs.map((run) => (run.id === id ? { ...run, ...part } : run)));

/**
 * Run a job in portions, so that other users can work meanwhile. It does not depend on the dialog or the page that started it, and
 * can be continued where it stopped or failed.
 */
export function startRun(job: BulkJob): number {
  lastId += 1;
  const id = lastId;
  publish([
    ...runs,
    { ...job, id, matched: 0, changed: 0, refused: [], next: undefined, state: 'stopped', error: undefined, inBackground: false },
  ]);
  void continueRun(id);
  return id;
}

export async function continueRun(id: number): Promise<void> {
  change(id, { state: 'running', error: undefined });
  let run = find(id);
  try {
    while (run?.state === 'running') {
      const portion = await run.matching.act(run.action, run.reason, run.next);
      const current = find(id);
      if (!current) return;
      change(id, {
        matched: current.matched + portion.matched,
        changed: current.changed + portion.changed,
        refused: addRefusals(current.refused, portion.refused),
        next: portion.next ?? undefined,
        ...(portion.next === null ? { state: 'finished' } : {}),
      });
      run = find(id);
    }
    if (run?.state === 'stopping') change(id, { state: 'stopped' });
  } catch (error) {
    change(id, { state: 'stopped', error });
  }
  run?.onDone();
}

/** Stop after the portion that has begun: its result would be unknown. */
export function stopRun(id: number): void {
  if (find(id)?.state === 'running') change(id, { state: 'stopping' });
}

/** Close the dialog of a run: an active one goes on in the background, another one is forgotten. */
export function leaveRun(id: number): void {
  const run = find(id);
  if (run && isActive(run)) change(id, { inBackground: true });
  else publish(runs.filter((other) => other.id !== id));
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useBulkRuns = (): readonly BulkRun[] => useSyncExternalStore(subscribe, () => runs);
