const STORAGE_KEY = 'openiom.shortcuts';

/** Whether single keys act as shortcuts; stored on this device, because speech input and some keyboards press them by accident. */
export const shortcutsEnabled = (): boolean => localStorage.getItem(STORAGE_KEY) !== 'off';

export function setShortcutsEnabled(enabled: boolean): void {
  if (enabled) localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, 'off');
}

const OVERLAYS = '.ant-modal-wrap, .ant-drawer, .ant-popover:not(.ant-popover-hidden), .ant-dropdown:not(.ant-dropdown-hidden)';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type="checkbox"]):not([type="radio"])'));

const isVisible = (element: Element): boolean => getComputedStyle(element).display !== 'none';

/** Whether a dialog, drawer, popover or menu is open, which the keys belong to. */
export const isOverlayOpen = (): boolean => [...document.querySelectorAll(OVERLAYS)].some(isVisible);

/** The key of a shortcut, or undefined when the key is typed into a field, is part of a combination or belongs to a dialog. */
export function shortcutKey(event: KeyboardEvent): string | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (!shortcutsEnabled() || isTyping(event.target) || isOverlayOpen()) return undefined;
  return event.key;
}
