import { useEffect, useRef, useSyncExternalStore } from 'react';

/** A business event of the live stream. */
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
const stateListeners = new Set<() => void>();
let source: EventSource | null = null;
let state: LiveState = 'connecting';

function setState(next: LiveState): void {
  if (state === next) return;
  state = next;
  stateListeners.forEach((watcher) => watcher());
}

function publish(changes: Change[]): void {
  if (changes.length > 0) listeners.forEach((listener) => listener(changes));
}

/** Open the event stream; the browser reconnects on its own. */
export function openLive(): void {
  if (source || typeof EventSource === 'undefined') return;
  source = new EventSource('/api/v1/live');
  source.addEventListener('open', () => setState('live'));
  source.addEventListener('error', () => setState('lost'));
  source.addEventListener('change', (message: MessageEvent<string>) => {
    publish((JSON.parse(message.data) as { events: Change[] }).events);
  });
}

export function closeLive(): void {
  source?.close();
  source = null;
  setState('connecting');
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      stateListeners.add(watcher);
      return () => stateListeners.delete(watcher);
    },
    () => state,
  );
}

/** Subscribe to changes, batched to at most one call per `intervalMs`. */
export function useLive(onChanges: Listener, intervalMs = 1500): void {
  const latest = useRef(onChanges);
  useEffect(() => {
    latest.current = onChanges;
  });
  useEffect(() => {
    let pending: Change[] = [];
    let timer: number | undefined;
    const flush = (): void => {
      timer = undefined;
      const batch = pending;
      pending = [];
      latest.current(batch);
    };
    const listener: Listener = (changes) => {
      pending.push(...changes);
      timer ??= window.setTimeout(flush, intervalMs);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      window.clearTimeout(timer);
    };
  }, [intervalMs]);
}
