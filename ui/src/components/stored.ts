import { useCallback, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
// For a browser that refuses storage; the choice then lasts as long as the page.
const memory = new Map<string, string>();

function read(key: string): string | null {
  try {
    return window.localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key: string, value: string) {
  memory.set(key, value);
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // Kept in memory.
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

/** A small choice of the reader, kept in this browser. */
export function useStored<T extends string>(key: string, initial: T): [T, (value: T) => void] {
  const value = useSyncExternalStore(subscribe, () => read(key)) as T | null;
  const set = useCallback((next: T) => write(key, next), [key]);
  return [value ?? initial, set];
}
