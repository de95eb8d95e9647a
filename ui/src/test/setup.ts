import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { FakeEventSource } from './events';
import { resetWorld, server } from './server';

// What jsdom lacks: a layout, media queries, and streams of events.
const pixels = (n: number) => ({ configurable: true, get: () => n });
Object.defineProperty(Element.prototype, 'clientHeight', pixels(600));
Object.defineProperty(Element.prototype, 'clientWidth', pixels(600));
Object.defineProperty(HTMLElement.prototype, 'offsetHeight', pixels(20));
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.hasPointerCapture = () => false;
window.scrollTo = () => undefined;
window.matchMedia = (media) =>
  ({
    media,
    matches: media.includes('min-width'),
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }) as unknown as MediaQueryList;
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
globalThis.EventSource = FakeEventSource as unknown as typeof EventSource;

// Many share the machine: slow is not broken.
configure({ asyncUtilTimeout: 15_000 });

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
beforeEach(() => {
  resetWorld();
  FakeEventSource.opened = [];
  window.localStorage.clear();
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());
