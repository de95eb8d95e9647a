import { useSyncExternalStore } from 'react';

// Durations of what runs now are counted on the server's clock, which may differ from this machine's.
let skewMs = 0;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

export function setServerTime(serverMs: number) {
  if (Number.isFinite(serverMs)) skewMs = serverMs - Date.now();
}

function tick() {
  now = Date.now() + skewMs;
  if (!document.hidden) listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (listeners.size === 1) {
    tick();
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The server's time in milliseconds, once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
