import { useEffect, useRef, useSyncExternalStore } from 'react';

/** One business event as the live stream tells it. */
export interface Change {
  name: string;
  root_id: string;
  subject_type: string;
  subject_id: string;
  at: string;
}

export type LiveState = 'connecting' | 'live' | 'lost';
type Listener = (changes: Change[]) => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
let source: EventSource | null = null;
let state: LiveState = 'connecting';

function become(next: LiveState): void {
  if (state === next) return;
  state = next;
  watchers.forEach((watcher) => watcher());
}

function tell(changes: Change[]): void {
  if (changes.length > 0) listeners.forEach((listener) => listener(changes));
}

/** Open the stream once for the whole page; the browser reconnects by itself. */
export function openLive(): void {
  if (source || typeof EventSource === 'undefined') return;
  source = new EventSource('/api/v1/live');
  source.addEventListener('open', () => become('live'));
  source.addEventListener('error', () => become('lost'));
  source.addEventListener('change', (message: MessageEvent<string>) => {
    tell((JSON.parse(message.data) as { events: Change[] }).events);
  });
}

export function closeLive(): void {
  source?.close();
  source = null;
  become('connecting');
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => state,
  );
}

/** Hear changes in handfuls, at most once in `every` ms, however many there are. */
export function useLive(hear: Listener, every = 1500): void {
  const latest = useRef(hear);
  useEffect(() => {
    latest.current = hear;
  });
  useEffect(() => {
    let waiting: Change[] = [];
    let timer: number | undefined;
    const flush = (): void => {
      timer = undefined;
      const batch = waiting;
      waiting = [];
      latest.current(batch);
    };
    const listener: Listener = (changes) => {
      waiting.push(...changes);
      timer ??= window.setTimeout(flush, every);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      window.clearTimeout(timer);
    };
  }, [every]);
}
