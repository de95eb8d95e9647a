import type { ImportError } from '~/api/types';

export type Place = { line: number | null; column: number | null };

/** Where a file broke: as the server says, or as its text does. */
export function placeOf(error: ImportError): Place {
  if (error.line) return { line: error.line, column: error.column ?? null };
  const trace = error.stack_trace;
  const named = /\bline (\d+)(?:,? col(?:umn)? (\d+))?/gi;
  const last = /^\S.*?:(\d+):(\d+): [A-Z]/.exec(trace) ?? [...trace.matchAll(named)].at(-1);
  if (!last) return { line: null, column: null };
  return { line: Number(last[1]), column: last[2] ? Number(last[2]) : null };
}

// Orrery's own traces are one line: `file:line:column: CODE: what is wrong`.
const OWN = /^\S.*?(?::\d+){0,2}: ([A-Z]{3}-\d{3}): /;

/** The code of the error, where it has one. */
export function codeOf(error: ImportError): string | null {
  return error.code ?? OWN.exec(error.stack_trace)?.[1] ?? null;
}

/** The one line that says what is wrong: Python's traces end with it. */
export function headline(error: ImportError): string {
  if (error.message) return error.message;
  const lines = error.stack_trace.trim().split('\n');
  return lines.at(-1)?.trim().replace(OWN, '') || 'The file cannot be read.';
}

/** The trace as Python has it. */
export function traceOf(error: ImportError): string {
  return error.stack_trace
    .trim()
    .replace(OWN, '')
    .replaceAll(/"\/.*\/site-packages\//g, '"');
}

/** Whether the trace says more than the headline. */
export function hasTrace(error: ImportError): boolean {
  return error.stack_trace.trim().replace(OWN, '') !== headline(error);
}

export function where(filename: string, { line, column }: Place): string {
  return [filename, line, line ? column : null].filter((part) => part !== null).join(':');
}

/** The same file, though one side may know it by its whole path. */
export function isSameFile(a: string | null | undefined, b: string | null | undefined): boolean {
  if (!a || !b) return false;
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
}
