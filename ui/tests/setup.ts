import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// jsdom has no WebGL; browser tests cover the map.
vi.mock('@kit/MapCanvas', () => ({ default: () => null }));

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
const computed = window.getComputedStyle.bind(window);
window.getComputedStyle = (element) => computed(element);
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
