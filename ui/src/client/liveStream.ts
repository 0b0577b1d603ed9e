/** A business event of the live stream. */
export interface Change {
  name: string;
  root_id: string;
  subject_type: string;
  subject_id: string;
  at: string;
}

export type LiveState = 'connecting' | 'live' | 'lost';

export interface LiveHandlers {
  onChanges: (changes: Change[]) => void;
  onState: (state: LiveState) => void;
  /** The stream was interrupted and is live again: changes may have been missed. */
  onResumed: () => void;
}

/** What tabs of one browser send to each other. */
type TabMessage = { kind: 'hello' } | { kind: 'state'; state: LiveState } | { kind: 'changes'; changes: Change[] } | { kind: 'resumed' };

const STREAM_URL = '/api/v1/live';
const SHARED_NAME = 'openiom.live';
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;
/** A leader that does not answer for this long was suspended by its browser. */
export const LEADER_ANSWER_MS = 5_000;

/**
 * Receive the event stream. Returns a function that ends it.
 *
 * All tabs of a browser share one connection, because a browser opens only six to a server over HTTP/1.1. Where tabs cannot
 * agree on a leader (an address without HTTPS), a tab has its own connection while it is visible.
 */
export function startLiveStream(handlers: LiveHandlers): () => void {
  const canShare = 'locks' in navigator && typeof BroadcastChannel !== 'undefined';
  return canShare ? shareStream(handlers) : streamWhileVisible(handlers);
}

/** Open a connection. The browser reconnects a lost one, and this function one that the server refused. */
function connect({ onChanges, onState, onResumed }: LiveHandlers): () => void {
  let source: EventSource;
  let timer: number | undefined;
  let retryMs = FIRST_RETRY_MS;
  let wasLost = false;

  const open = (): void => {
    source = new EventSource(STREAM_URL);
    source.addEventListener('open', () => {
      retryMs = FIRST_RETRY_MS;
      onState('live');
      if (wasLost) onResumed();
      wasLost = false;
    });
    source.addEventListener('error', () => {
      wasLost = true;
      onState('lost');
      if (source.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    });
    source.addEventListener('change', (message: MessageEvent<string>) => {
      onChanges((JSON.parse(message.data) as { events: Change[] }).events);
    });
  };
  open();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}

/** One tab, which holds a lock, has the connection and passes on what it receives; its successor is the next to get the lock. */
function shareStream(handlers: LiveHandlers): () => void {
  const channel = new BroadcastChannel(SHARED_NAME);
  const ended = new AbortController();
  const send = (message: TabMessage): void => channel.postMessage(message);
  let state: LiveState = 'connecting';
  let isLeader = false;
  let hasFollowed = false;
  let resign: () => void = () => undefined;
  let answerTimer: number | undefined;

  const setState = (next: LiveState): void => {
    state = next;
    handlers.onState(next);
  };
  const passOn: LiveHandlers = {
    onChanges: (changes) => {
      send({ kind: 'changes', changes });
      handlers.onChanges(changes);
    },
    onState: (next) => {
      send({ kind: 'state', state: next });
      setState(next);
      if (next !== 'live' || !hasFollowed) return;
      hasFollowed = false;
      passOn.onResumed();
    },
    onResumed: () => {
      send({ kind: 'resumed' });
      handlers.onResumed();
    },
  };

  const lead = async (): Promise<void> => {
    if (ended.signal.aborted) return;
    window.clearTimeout(answerTimer);
    isLeader = true;
    const disconnect = connect(passOn);
    await new Promise<void>((resolve) => {
      resign = () => {
        disconnect();
        isLeader = false;
        resolve();
      };
    });
  };
  const queue = (): void => {
    // A signal cannot be combined with `steal`: the tab that steals the lock makes the request of the leader fail.
    navigator.locks.request(SHARED_NAME, { signal: ended.signal }, lead).catch(() => {
      if (ended.signal.aborted) return;
      resign();
      follow();
      queue();
    });
  };
  const takeOver = (): void => {
    hasFollowed = true;
    navigator.locks.request(SHARED_NAME, { steal: true }, lead).catch(() => {
      resign();
      if (!ended.signal.aborted) follow();
    });
  };
  const follow = (): void => {
    if (isLeader || document.hidden) return;
    window.clearTimeout(answerTimer);
    answerTimer = window.setTimeout(takeOver, LEADER_ANSWER_MS);
    send({ kind: 'hello' });
  };

  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind === 'hello') {
      if (isLeader) send({ kind: 'state', state });
      return;
    }
    window.clearTimeout(answerTimer);
    if (isLeader) return;
    hasFollowed = true;
    if (data.kind === 'state') setState(data.state);
    else if (data.kind === 'changes') handlers.onChanges(data.changes);
    else handlers.onResumed();
  });
  document.addEventListener('visibilitychange', follow);
  queue();
  follow();

  return () => {
    document.removeEventListener('visibilitychange', follow);
    window.clearTimeout(answerTimer);
    ended.abort();
    resign();
    channel.close();
  };
}

function streamWhileVisible(handlers: LiveHandlers): () => void {
  let disconnect: (() => void) | undefined;
  let wasHidden = false;
  const update = (): void => {
    if (document.hidden) {
      disconnect?.();
      disconnect = undefined;
      wasHidden = true;
      return;
    }
    disconnect ??= connect(handlers);
    if (wasHidden) handlers.onResumed();
    wasHidden = false;
  };
  document.addEventListener('visibilitychange', update);
  update();
  return () => {
    document.removeEventListener('visibilitychange', update);
    disconnect?.();
  };
}
