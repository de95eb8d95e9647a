import { useEffect, useRef, useState } from 'react';

type Shown = { text: string; x: number; y: number; below: boolean };

const DELAY_MS = 250;

/**
 * One tooltip for the whole page, for whatever carries `data-tip`: a grid of ten thousand cells
 * costs no more than one button. It repeats what the element's own name says, so it is hidden
 * from screen readers.
 */
export function TipHost() {
  const [shown, setShown] = useState<Shown | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    let current: Element | null = null;
    const hide = () => {
      clearTimeout(timer.current);
      current = null;
      setShown(null);
    };
    const show = (target: EventTarget | null, wait: number) => {
      const element = target instanceof Element ? target.closest('[data-tip]') : null;
      if (element === current) return;
      const moving = current !== null;
      hide();
      if (!element) return;
      current = element;
      const place = () => {
        const text = element.getAttribute('data-tip');
        if (!text || !element.isConnected) return;
        const box = element.getBoundingClientRect();
        const below = box.top < 90;
        const half = Math.min(150, window.innerWidth / 2);
        const x = Math.max(half, Math.min(window.innerWidth - half, box.left + box.width / 2));
        setShown({ text, x, y: below ? box.bottom + 6 : box.top - 6, below });
      };
      timer.current = setTimeout(place, moving ? 0 : wait);
    };
    const over = (event: Event) => show(event.target, DELAY_MS);
    const focus = (event: Event) => {
      if (event.target instanceof Element && event.target.matches(':focus-visible')) {
        show(event.target, 0);
      }
    };
    const key = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', over);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('keydown', key);
    window.addEventListener('scroll', hide, true);
    return () => {
      hide();
      document.removeEventListener('pointerover', over);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('keydown', key);
      window.removeEventListener('scroll', hide, true);
    };
  }, []);

  if (!shown) return null;
  return (
    <div
      aria-hidden="true"
      style={{ left: shown.x, top: shown.y }}
      className={`pointer-events-none fixed z-50 max-w-[300px] -translate-x-1/2 rounded-md bg-ink px-2 py-1 text-xs whitespace-pre-line text-page shadow-lg ${
        shown.below ? '' : '-translate-y-full'
      }`}
    >
      {shown.text}
    </div>
  );
}
