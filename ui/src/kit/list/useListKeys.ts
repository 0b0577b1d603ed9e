import { type RefObject, useEffect, useEffectEvent } from 'react';
import { shortcutKey } from '../shortcuts';

const ROWS = 'tr[data-row-key]';

/** The list that keys act on: the one with the focus, else the first of the page. */
const isActiveList = (list: HTMLElement): boolean =>
  list === (document.activeElement?.closest('.list') ?? document.querySelector('.content .list') ?? document.querySelector('.list'));

function moveFocus(rows: HTMLElement[], step: number, lastKey: string | undefined): HTMLElement | undefined {
  const focused = document.activeElement?.closest(ROWS);
  const index = rows.findIndex((row) => row === focused || (!focused && row.dataset.rowKey === lastKey));
  const next = index === -1 ? rows[step > 0 ? 0 : rows.length - 1] : rows[Math.min(Math.max(index + step, 0), rows.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
  return next;
}

/** Keys of a list: `j` and `k` move the focus between rows, `x` selects, Enter opens, `/` searches. */
export function useListKeys(container: RefObject<HTMLElement | null>, onOpen: (key: string) => void): void {
  const open = useEffectEvent(onOpen);
  useEffect(() => {
    let lastKey: string | undefined;
    const onKey = (event: KeyboardEvent): void => {
      const list = container.current;
      const key = shortcutKey(event);
      if (!list || key === undefined || !isActiveList(list)) return;
      const rows = [...list.querySelectorAll<HTMLElement>(ROWS)];
      const focused = document.activeElement?.closest<HTMLElement>(ROWS);
      if (key === 'j' || key === 'k') lastKey = moveFocus(rows, key === 'j' ? 1 : -1, lastKey)?.dataset.rowKey;
      else if (key === 'x') focused?.querySelector<HTMLElement>('input[type="checkbox"]')?.click();
      else if (key === '/') list.querySelector<HTMLElement>('.toolbar-search input')?.focus();
      else if (key === 'Enter' && focused && focused === document.activeElement) open(focused.dataset.rowKey ?? '');
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [container]);
}
