import '@testing-library/jest-dom/vitest';
import type { ConfigProviderProps } from 'antd';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// jsdom has no WebGL; browser tests cover the map.
vi.mock('@kit/MapCanvas', () => ({ default: () => null }));

// Ant Design writes its style sheets while it renders, and jsdom matches every rule of them with every element that a
// test looks for by role: that is a third of the time of the tests. Only the rules that hide elements are kept.
vi.mock('antd', async (importOriginal) => {
  const antd = await importOriginal<typeof import('antd')>();
  const ConfigProvider = new Proxy(antd.ConfigProvider, {
    apply: (render, _, [props]: [ConfigProviderProps]) => render({ ...props, theme: { ...props.theme, zeroRuntime: true } }),
  });
  return { ...antd, ConfigProvider };
});

const HIDDEN = [
  'collapse-panel',
  'drawer-content-wrapper',
  'dropdown',
  'form-item',
  'menu',
  'menu-submenu',
  'modal',
  'picker-dropdown',
  'popover',
  'select-dropdown',
  'tabs-dropdown',
  'tabs-tabpane',
  'tooltip',
].map((part) => `.ant-${part}-hidden`);
const INVISIBLE = ['.ant-input-clear-icon-hidden', '.ant-table-row-expand-icon-spaced', '.ant-tabs-nav-operations-hidden'];
const UNREACHABLE = ['.ant-menu-item-disabled a', '.ant-spin-spinning .ant-spin-container'];
const hiding = document.createElement('style');
hiding.textContent = `
  ${HIDDEN.join(', ')} { display: none }
  ${INVISIBLE.join(', ')} { visibility: hidden }
  ${UNREACHABLE.join(', ')} { pointer-events: none }
`;

// On a busy machine the first render takes more than a second.
configure({ asyncUtilTimeout: 60_000 });

// Used by Ant Design and missing in jsdom.
class NoResize {
  observe(): void {
    return undefined;
  }
  unobserve(): void {
    return undefined;
  }
  disconnect(): void {
    return undefined;
  }
}
vi.stubGlobal('ResizeObserver', NoResize);
// jsdom computes a style once and then copies it for every caller, with each inherited value looked up at the ancestors:
// a query by role took up to a second. The style is the same until jsdom forgets all of them, after a change.
const implementation = Object.getOwnPropertySymbols(document).find((symbol) => symbol.description === 'impl') ?? 'impl';
function keepComputedStyles(): void {
  const computed = window.getComputedStyle.bind(window);
  let forgotten: unknown;
  let styles = new WeakMap<Element, CSSStyleDeclaration>();
  window.getComputedStyle = (element) => {
    const current = (Reflect.get(document, implementation) as { _styleCache?: unknown } | undefined)?._styleCache;
    if (current === undefined || current !== forgotten) styles = new WeakMap();
    forgotten = current;
    const style = styles.get(element) ?? computed(element);
    styles.set(element, style);
    return style;
  };
}

// The files of a worker share the document, and each of them runs this module.
if (document.head.querySelector('style[data-hiding]') === null) {
  hiding.setAttribute('data-hiding', '');
  document.head.append(hiding);
  keepComputedStyles();
}

Object.defineProperty(window, 'matchMedia', {
  value: (query: string) => ({
    // Without motion, menus and dialogs open at once.
    matches: query.includes('prefers-reduced-motion'),
    media: query,
    addListener: vi.fn(),
    removeListener: vi.fn(),
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }),
});

Element.prototype.scrollIntoView = () => undefined;

beforeEach(() => {
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.stubGlobal('ResizeObserver', NoResize);
});
