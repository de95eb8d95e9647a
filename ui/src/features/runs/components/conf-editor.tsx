import { useId } from 'react';
import type { JsonFault } from '../lib/json';

type Props = { text: string; fault: JsonFault | null; onChange: (text: string) => void };

const LINE_PX = 18;

/** A plain text box that says on which line the JSON is wrong, and shows that line. */
export function ConfEditor({ text, fault, onChange }: Props) {
  const id = useId();
  const lines = text.split('\n').length;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        Configuration <span className="font-normal text-muted">(JSON)</span>
      </label>
      <div
        className={`flex max-h-72 overflow-y-auto rounded-md border bg-raised font-mono text-xs ${fault ? 'border-danger' : 'border-line-strong'}`}
      >
        <div
          aria-hidden="true"
          className="w-9 shrink-0 py-2 pr-2 text-right text-muted select-none"
        >
          {Array.from({ length: lines }, (_, index) => (
            <div
              key={index}
              style={{ height: LINE_PX, lineHeight: `${LINE_PX}px` }}
              className={index + 1 === fault?.line ? 'bg-danger-soft text-danger' : ''}
            >
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          id={id}
          value={text}
          spellCheck={false}
          wrap="off"
          rows={Math.max(4, lines)}
          aria-invalid={fault !== null}
          aria-describedby={fault ? `${id}-fault` : undefined}
          onChange={(event) => onChange(event.target.value)}
          style={{ lineHeight: `${LINE_PX}px` }}
          className="min-w-0 flex-1 resize-none overflow-x-auto bg-transparent py-2 pr-2"
        />
      </div>
      <p id={`${id}-fault`} role="status" className="mt-1 min-h-5 text-danger">
        {fault && `Line ${fault.line}, column ${fault.column}: ${fault.message}.`}
      </p>
    </div>
  );
}
