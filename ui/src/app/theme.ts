import { useEffect } from 'react';
import { useStored } from '~/components/stored';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'orrery.theme';

function put(theme: string | null) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** Before the first paint, so that a page does not flash in the wrong theme. */
export function applyTheme() {
  try {
    put(window.localStorage.getItem(KEY));
  } catch {
    // The system's theme it is.
  }
}

export function useTheme() {
  const [theme, setTheme] = useStored<Theme>(KEY, 'system');
  useEffect(() => put(theme), [theme]);
  return { theme, setTheme };
}
