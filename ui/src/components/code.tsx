/** Text with line numbers. */
export function Code({ text, label }: { text: string; label: string }) {
  const lines = text.replace(/\n$/, '').split('\n');
  return (
    // A region that scrolls must be reachable by keyboard.
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className="panel overflow-auto py-2 font-mono text-xs leading-5"
    >
      {lines.map((line, index) => (
        <div key={index} className="flex w-max min-w-full px-2">
          <span aria-hidden="true" className="w-10 shrink-0 pr-3 text-right text-muted select-none">
            {index + 1}
          </span>
          <span>{line || ' '}</span>
        </div>
      ))}
    </pre>
  );
}

export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className="panel max-h-96 overflow-auto p-3 font-mono text-xs leading-5 break-words whitespace-pre-wrap"
    >
      {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
    </pre>
  );
}
