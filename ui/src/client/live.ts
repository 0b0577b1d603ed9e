import { useEffect, useRef, useSyncExternalStore } from 'react';
import { type Change, type LiveState, startLiveStream } from './liveStream';

export type { Change, LiveState } from './liveStream';
type Listener = (changes: Change[]) => void;

/** A hidden page keeps this many changes until it is visible; with more, it refetches what it shows. */
const MAX_HELD_CHANGES = 1000;

const listeners = new Set<Listener>();
const resumeListeners = new Set<() => void>();
const stateListeners = new Set<() => void>();
let stopStream: (() => void) | null = null;
let state: LiveState = 'connecting';
let held: Change[] = [];
let missedChanges = false;

function setState(next: LiveState): void {
  if (state === next) return;
  state = next;
  stateListeners.forEach((watcher) => watcher());
}

function publish(changes: Change[]): void {
  if (changes.length > 0) listeners.forEach((listener) => listener(changes));
}

/** Publish changes to a visible page; twenty open tabs do not all refetch what one of them shows. */
function receive(changes: Change[]): void {
  if (!document.hidden) publish(changes);
  else if (held.length + changes.length > MAX_HELD_CHANGES) discardHeld();
  else held.push(...changes);
}

function discardHeld(): void {
  held = [];
  missedChanges = true;
}

function resume(): void {
  if (document.hidden) discardHeld();
  else resumeListeners.forEach((listener) => listener());
}

function publishHeld(): void {
  if (document.hidden) return;
  const changes = held;
  const missed = missedChanges;
  held = [];
  missedChanges = false;
  if (missed) resume();
  publish(changes);
}

function start(): void {
  stopStream ??= startLiveStream({ onChanges: receive, onState: setState, onResumed: resume });
}

function stop(): void {
  stopStream?.();
  stopStream = null;
  setState('connecting');
}

/** A page that its browser kept, and that the user returns to, missed what happened in between. */
function onPageShow(event: PageTransitionEvent): void {
  if (!event.persisted) return;
  start();
  resume();
}

/** Receive the event stream until `closeLive`. A page that is left does not keep its connection. */
export function openLive(): void {
  if (stopStream || typeof EventSource === 'undefined') return;
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', onPageShow);
  document.addEventListener('visibilitychange', publishHeld);
  start();
}

export function closeLive(): void {
  window.removeEventListener('pagehide', stop);
  window.removeEventListener('pageshow', onPageShow);
  document.removeEventListener('visibilitychange', publishHeld);
  stop();
  held = [];
  missedChanges = false;
}

/** Subscribe to returns of the stream after an interruption, when changes may have been missed. */
export function useLiveResumed(onResumed: () => void): void {
  const latest = useRef(onResumed);
  useEffect(() => {
    latest.current = onResumed;
  });
  useEffect(() => {
    const listener = (): void => latest.current();
    resumeListeners.add(listener);
    return () => {
      resumeListeners.delete(listener);
    };
  }, []);
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
