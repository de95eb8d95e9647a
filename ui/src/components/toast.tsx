import { useSyncExternalStore } from 'react';
import { Problem } from '~/api/problem';
import { IconButton } from './button';
import { ProblemPanel } from './problem';

type Toast = { id: number; text?: string; error?: Problem; what?: string };

const TEXT_MS = 6000;
let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: Toast[]) {
  toasts = next;
  listeners.forEach((listener) => listener());
}

function dismiss(id: number) {
  set(toasts.filter((toast) => toast.id !== id));
}

function push(toast: Omit<Toast, 'id'>) {
  const id = ++lastId;
  set([...toasts.slice(-2), { id, ...toast }]);
  return id;
}

export function say(text: string) {
  const id = push({ text });
  setTimeout(() => dismiss(id), TEXT_MS);
}

/** An error stays until it is dismissed: at 3 a.m. nobody reads in six seconds. */
export function complain(what: string, error: unknown) {
  push({ what, error: Problem.from(error) });
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function ToastHost() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      role="region"
      aria-label="Messages"
      className="fixed right-4 bottom-4 z-40 flex w-[min(26rem,calc(100vw-2rem))] flex-col gap-2"
    >
      <div aria-live="polite" className="contents">
        {shown.map((toast) => (
          <div key={toast.id} className="flex items-start gap-1 rounded-lg bg-raised shadow-xl">
            <div className="min-w-0 flex-1">
              {toast.error ? (
                <ProblemPanel what={toast.what} error={toast.error} />
              ) : (
                <p className="rounded-lg border border-line p-3 break-words">{toast.text}</p>
              )}
            </div>
            <IconButton icon="close" label="Dismiss" onClick={() => dismiss(toast.id)} />
          </div>
        ))}
      </div>
    </div>
  );
}
