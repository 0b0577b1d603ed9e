import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// jsdom has no WebGL; the map is looked at in a browser.
vi.mock('@kit/MapCanvas', () => ({ default: () => null }));

// A busy machine draws a first page in more than a second.
configure({ asyncUtilTimeout: 60_000 });

// What jsdom lacks and Ant Design asks for.
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
    matches: false,
    media: query,
    addListener: vi.fn(),
    removeListener: vi.fn(),
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }),
});

beforeEach(() => {
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.stubGlobal('ResizeObserver', NoResize);
});
