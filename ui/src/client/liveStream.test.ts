import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Change, LEADER_ANSWER_MS, type LiveState, startLiveStream } from './liveStream';

class FakeStream extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeStream[] = [];
  readyState = 0;
  constructor(readonly url: string) {
    super();
    FakeStream.all.push(this);
  }
  close(): void {
    this.readyState = FakeStream.CLOSED;
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
  send(name: string): void {
    this.dispatchEvent(new MessageEvent('change', { data: JSON.stringify({ events: [change(name)] }) }));
  }
  static open = (): FakeStream[] => FakeStream.all.filter((stream) => stream.readyState !== FakeStream.CLOSED);
}

/** Web Locks of one name. */
class FakeLocks {
  private queue: (() => void)[] = [];
  private holder: { steal: () => void } | null = null;

  request(_name: string, options: { signal?: AbortSignal; steal?: boolean }, callback: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(new DOMException('The request was aborted', 'AbortError'));
      const grant = (): void => {
        const holder = { steal: refuse };
        this.holder = holder;
        void callback().then(() => {
          resolve();
          if (this.holder !== holder) return;
          this.holder = null;
          this.queue.shift()?.();
        });
      };
      options.signal?.addEventListener('abort', () => {
        this.queue = this.queue.filter((waiting) => waiting !== grant);
        refuse();
      });
      if (options.steal) {
        this.holder?.steal();
        grant();
      } else if (this.holder) this.queue.push(grant);
      else grant();
    });
  }
}

/** Broadcast channels that deliver at once. */
class FakeChannel extends EventTarget {
  static all = new Set<FakeChannel>();
  constructor(readonly name: string) {
    super();
    FakeChannel.all.add(this);
  }
  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) if (other !== this) other.dispatchEvent(new MessageEvent('message', { data }));
  }
  close(): void {
    FakeChannel.all.delete(this);
  }
}

const change = (name: string): Change => ({ name, root_id: 'o1', subject_type: 'order', subject_id: 'o1', at: '2026-01-01T00:00:00Z' });

interface Tab {
  names: string[];
  states: LiveState[];
  resumed: number;
  close: () => void;
}

const tabs: Tab[] = [];

function openTab(): Tab {
  const tab: Tab = { names: [], states: [], resumed: 0, close: () => undefined };
  tab.close = startLiveStream({
    onChanges: (changes) => tab.names.push(...changes.map(({ name }) => name)),
    onState: (state) => tab.states.push(state),
    onResumed: () => (tab.resumed += 1),
  });
  tabs.push(tab);
  return tab;
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  FakeStream.all = [];
  FakeChannel.all.clear();
  vi.stubGlobal('EventSource', FakeStream);
  vi.stubGlobal('BroadcastChannel', FakeChannel);
  Object.defineProperty(navigator, 'locks', { value: new FakeLocks(), configurable: true });
});

afterEach(() => {
  tabs.splice(0).forEach((tab) => tab.close());
  Reflect.deleteProperty(navigator, 'locks');
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('twenty tabs share one connection', async () => {
  const opened = Array.from({ length: 20 }, openTab);
  await settle();
  expect(FakeStream.all.map(({ url }) => url)).toEqual(['/api/v1/live']);
  FakeStream.all[0]?.open();
  FakeStream.all[0]?.send('order.created');
  for (const tab of opened) {
    expect(tab.states.at(-1)).toBe('live');
    expect(tab.names).toEqual(['order.created']);
    expect(tab.resumed).toBe(0);
  }
});

test('a tab that is opened later learns the state of the stream', async () => {
  openTab();
  await settle();
  FakeStream.all[0]?.open();
  const late = openTab();
  await settle();
  expect(late.states).toEqual(['live']);
});

test('when the leading tab is closed, the next one connects and all refetch what they may have missed', async () => {
  const [first, second, third] = [openTab(), openTab(), openTab()];
  await settle();
  FakeStream.all[0]?.open();
  first.close();
  await settle();
  expect(FakeStream.open()).toHaveLength(1);
  FakeStream.all[1]?.open();
  FakeStream.all[1]?.send('order.canceled');
  expect([first.names, second.names, third.names]).toEqual([[], ['order.canceled'], ['order.canceled']]);
  expect([first.resumed, second.resumed, third.resumed]).toEqual([0, 1, 1]);
});

test('closing a tab that does not lead leaves the connection alone', async () => {
  const [first, second] = [openTab(), openTab()];
  await settle();
  FakeStream.all[0]?.open();
  second.close();
  await settle();
  FakeStream.all[0]?.send('order.created');
  expect(FakeStream.all).toHaveLength(1);
  expect([first.names, second.names]).toEqual([['order.created'], []]);
});

test('a tab takes over from a leader that was suspended', async () => {
  const first = openTab();
  await settle();
  FakeStream.all[0]?.open();
  const second = openTab();
  const [leaderChannel] = FakeChannel.all;
  if (leaderChannel) FakeChannel.all.delete(leaderChannel);

  setHidden(false);
  await vi.advanceTimersByTimeAsync(LEADER_ANSWER_MS - 1);
  expect(FakeStream.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(FakeStream.open()).toEqual([FakeStream.all[1]]);
  FakeStream.all[1]?.open();
  FakeStream.all[1]?.send('order.created');
  expect(second.names).toEqual(['order.created']);
  expect(second.resumed).toBe(1);
  expect(first.names).toEqual([]);
});

test('a lost connection that the browser restores is reported, and what was missed is refetched', async () => {
  const tab = openTab();
  await settle();
  FakeStream.all[0]?.open();
  FakeStream.all[0]?.fail(0);
  FakeStream.all[0]?.open();
  expect(tab.states).toEqual(['live', 'lost', 'live']);
  expect(tab.resumed).toBe(1);
});

test('a refused connection is tried again after 5 seconds, and then less often', async () => {
  const tab = openTab();
  await settle();
  FakeStream.all[0]?.fail(FakeStream.CLOSED);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(FakeStream.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  FakeStream.all[1]?.fail(FakeStream.CLOSED);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(FakeStream.all).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  FakeStream.all[2]?.open();
  expect(tab.states).toEqual(['lost', 'lost', 'live']);
  expect(tab.resumed).toBe(1);
});

test('without locks, a tab is connected while it is visible', () => {
  Reflect.deleteProperty(navigator, 'locks');
  const tab = openTab();
  expect(FakeStream.open()).toHaveLength(1);
  setHidden(true);
  expect(FakeStream.open()).toHaveLength(0);
  setHidden(false);
  expect(FakeStream.open()).toHaveLength(1);
  expect(tab.resumed).toBe(1);
  tab.close();
  expect(FakeStream.open()).toHaveLength(0);
});
