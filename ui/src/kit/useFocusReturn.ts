import { useEffect } from 'react';

const LAYERS = '.ant-modal-root, .ant-drawer';

interface Layer {
  element: Element;
  opener: HTMLElement | undefined;
}

const isGone = (element: Element): boolean =>
  !element.isConnected || element.querySelector<HTMLElement>('.ant-modal-wrap')?.style.display === 'none';

/**
 * Return the focus to the control that opened a dialog or drawer when it closes, also when its page removes it at once. When the
 * control is gone, the content of the page takes the focus, so that the keyboard does not start at the top of the document.
 */
export function useFocusReturn(): void {
  useEffect(() => {
    const layers: Layer[] = [];
    let lastFocused: HTMLElement | undefined;
    const onFocus = (event: FocusEvent): void => {
      const target = event.target;
      if (!(target instanceof HTMLElement)) return;
      const element = target.closest(LAYERS);
      if (element && !layers.some((layer) => layer.element === element)) layers.push({ element, opener: lastFocused });
      lastFocused = target;
    };
    const restore = (): void => {
      let opener: HTMLElement | undefined;
      let last = layers.at(-1);
      while (last !== undefined && isGone(last.element)) {
        opener = last.opener ?? opener;
        layers.pop();
        last = layers.at(-1);
      }
      if (opener === undefined || (document.activeElement !== document.body && document.activeElement !== null)) return;
      const target = opener.isConnected ? opener : document.getElementById('content');
      target?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(() => {
      if (layers.length > 0) queueMicrotask(restore);
    });
    document.addEventListener('focusin', onFocus);
    observer.observe(document.body, { childList: true });
    return () => {
      document.removeEventListener('focusin', onFocus);
      observer.disconnect();
    };
  }, []);
}
