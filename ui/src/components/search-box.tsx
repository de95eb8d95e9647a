import { useEffect, useRef, useState } from 'react';
import { Icon } from './icons';

type Props = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  className: string;
};

const SEARCH_WAIT_MS = 200;

/** Typing is local; the list follows when it pauses. `/` jumps here. */
export function SearchBox({ label, value, onChange, className }: Props) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }

  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof Element && event.target.closest('input,textarea,select');
      if (event.key !== '/' || typing || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', jump);
    return () => {
      document.removeEventListener('keydown', jump);
      clearTimeout(timer.current);
    };
  }, []);

  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next.trim()), SEARCH_WAIT_MS);
  };
  return (
    <div className={`relative ${className}`}>
      <Icon name="search" className="absolute top-2 left-2 text-muted" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={`${label}  ( / )`}
        value={text}
        onChange={(event) => type(event.target.value)}
        className="field w-full !pl-8"
      />
    </div>
  );
}
