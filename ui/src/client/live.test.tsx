import { act, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Change, closeLive, openLive, useLive, useLiveResumed } from './live';

class FakeStream extends EventTarget {
  static readonly CLOSED = 2;
  static last: FakeStream;
  isClosed = false;
  constructor(readonly url: string) {
    super();
    FakeStream.last = this;
  }
  close(): void {
    this.isClosed = true;
  }
  send(names: string[]): void {
    const events = names.map((name) => ({ name, root_id: 'o1', subject_type: 'order', subject_id: 'o1', at: '2026-01-01T00:00:00Z' }));
    this.dispatchEvent(new MessageEvent('change', { data: JSON.stringify({ events }) }));
  }
}

const heard: Change[][] = [];
let resumed = 0;

function Listener() {
  useLive((changes) => heard.push(changes), 1000);
  useLiveResumed(() => (resumed += 1));
  return null;
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

const heardNames = (): string[][] => heard.map((batch) => batch.map((change) => change.name));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeStream);
  heard.length = 0;
  resumed = 0;
});

afterEach(() => {
  closeLive();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('changes are delivered in batches without loss', () => {
  const { unmount } = render(<Listener />);
  openLive();
  act(() => {
    FakeStream.last.send(['order.created', 'order.hold_placed']);
    FakeStream.last.send(['order.hold_released']);
    vi.advanceTimersByTime(999);
  });
  expect(heard).toEqual([]);
  act(() => void vi.advanceTimersByTime(1));
  expect(heardNames()).toEqual([['order.created', 'order.hold_placed', 'order.hold_released']]);
  unmount();
  FakeStream.last.send(['order.canceled']);
  vi.advanceTimersByTime(5000);
  expect(heard).toHaveLength(1);
});

test('a page that is left closes its connection, and refetches when the user returns', () => {
  render(<Listener />);
  openLive();
  const first = FakeStream.last;
  window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  expect(first.isClosed).toBe(true);
  window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  expect(FakeStream.last).not.toBe(first);
  expect(FakeStream.last.isClosed).toBe(false);
  expect(resumed).toBe(1);
});

// Without locks, a hidden tab has no connection; with them, it receives what the leading tab passes on.
test.each([
  [1000, [1000], 0],
  [1001, [], 1],
])('a hidden page keeps %i changes until it is visible', async (count, batches, refetches) => {
  Object.defineProperty(navigator, 'locks', {
    value: { request: (_name: string, _options: object, callback: () => Promise<void>) => callback() },
    configurable: true,
  });
  render(<Listener />);
  openLive();
  setHidden(true);
  FakeStream.last.send(Array.from({ length: count }, () => 'order.created'));
  await vi.advanceTimersByTimeAsync(5000);
  expect(heard).toEqual([]);
  setHidden(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard.map((batch) => batch.length)).toEqual(batches);
  expect(resumed).toBe(refetches);
  Reflect.deleteProperty(navigator, 'locks');
});
