import { useEffect, useRef, useState } from 'react';

type Props = { label: string; value: string; onChange: (value: string) => void };

const WAIT_MS = 300;

/** A word to filter by. Typing is local; the list follows when it pauses. */
export function FilterBox({ label, value, onChange }: Props) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }
  // Another filter may have changed since somebody typed.
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(next.trim()), WAIT_MS);
  };
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => type(event.target.value)}
      className="field w-32"
    />
  );
}
