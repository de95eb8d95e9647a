import { useLayoutEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router';

/**
 * A new page begins at its top, with the keyboard in it; going back returns to where one was. The
 * browser cannot do the latter itself: a page's rows come after it.
 */
export function useArrival() {
  const { pathname, key } = useLocation();
  const type = useNavigationType();
  const places = useRef(new Map<string, number>());
  const last = useRef(pathname);

  useLayoutEffect(() => {
    const seen = places.current;
    if (pathname !== last.current) {
      last.current = pathname;
      const place = type === 'POP' ? (seen.get(key) ?? 0) : 0;
      window.scrollTo(0, place);
      // Once more when what was kept has been drawn.
      if (place > 0) setTimeout(() => window.scrollTo(0, place), 50);
      if (type !== 'POP') document.getElementById('main')?.focus({ preventScroll: true });
    }
    const remember = () => seen.set(key, window.scrollY);
    window.addEventListener('scroll', remember, { passive: true });
    return () => window.removeEventListener('scroll', remember);
  }, [pathname, key, type]);
}
