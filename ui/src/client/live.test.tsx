import { act, render } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { type Change, closeLive, openLive, useLive } from './live';

class FakeStream extends EventTarget {
  static last: FakeStream;
  constructor(readonly url: string) {
    super();
    FakeStream.last = this;
  }
  close(): void {
    return undefined;
  }
  send(names: string[]): void {
    const events = names.map((name) => ({ name, root_id: 'o1', subject_type: 'order', subject_id: 'o1', at: '2026-01-01T00:00:00Z' }));
    this.dispatchEvent(new MessageEvent('change', { data: JSON.stringify({ events }) }));
  }
}

test('changes are delivered in batches without loss', () => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeStream);
  const heard: Change[][] = [];
  function Listener() {
    useLive((changes) => heard.push(changes), 1000);
    return null;
  }
  const { unmount } = render(<Listener />);
  openLive();
  act(() => {
    FakeStream.last.send(['order.created', 'order.hold_placed']);
    FakeStream.last.send(['order.hold_released']);
    vi.advanceTimersByTime(999);
  });
  expect(heard).toEqual([]);
  act(() => void vi.advanceTimersByTime(1));
  expect(heard.map((batch) => batch.map((change) => change.name))).toEqual([['order.created', 'order.hold_placed', 'order.hold_released']]);
  unmount();
  FakeStream.last.send(['order.canceled']);
  vi.advanceTimersByTime(5000);
  expect(heard).toHaveLength(1);
  closeLive();
  vi.useRealTimers();
});
