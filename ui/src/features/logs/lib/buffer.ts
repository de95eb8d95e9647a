import type { LogLine } from '~/api/types';
import { plain } from './plain';

/** More than anybody reads, and little enough for any browser. */
export const LINES_KEPT = 20_000;

export type Lines = { lines: LogLine[]; dropped: number };

export const NO_LINES: Lines = { lines: [], dropped: 0 };

/** The last lines of a log that may have any length. */
export function append(to: Lines, more: LogLine[], kept = LINES_KEPT): Lines {
  if (more.length === 0) return to;
  const lines = to.lines.concat(more);
  const over = Math.max(0, lines.length - kept);
  return { lines: over > 0 ? lines.slice(over) : lines, dropped: to.dropped + over };
}

const RANKS: Record<string, number> = {
  debug: 0,
  info: 1,
  warning: 2,
  warn: 2,
  error: 3,
  exception: 3,
  critical: 4,
  fatal: 4,
};
export const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export function rank(level: string | undefined): number {
  return RANKS[level?.toLowerCase() ?? ''] ?? 1;
}

export type Shown = { line: LogLine; number: number };

/** Lines that pass the filter, with the number that they have in the file. */
export function filterLines({ lines, dropped }: Lines, search: string, least: Level): Shown[] {
  const wanted = search.trim().toLowerCase();
  const from = rank(least);
  const shown: Shown[] = [];
  lines.forEach((line, index) => {
    if (rank(line.level) < from) return;
    if (wanted && !textOf(line).toLowerCase().includes(wanted)) return;
    shown.push({ line, number: dropped + index + 1 });
  });
  return shown;
}

// Shown in a way of their own, or the same on every line of a try and so on the page already.
const KNOWN = new Set([
  ...['event', 'timestamp', 'level', 'logger', 'error_detail'],
  ...['dag_id', 'run_id', 'task_id', 'map_index', 'try_number'],
]);

/** What a line says beyond its message: structured fields, and the trace of an exception. */
export function fieldsOf(line: LogLine): string {
  return Object.entries(line)
    .filter(([name, value]) => !KNOWN.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

export function textOf(line: LogLine): string {
  return [plain(line.event), fieldsOf(line), traceOf(line)].filter(Boolean).join(' ');
}

type Frame = { filename?: string; lineno?: number; name?: string };
type Raised = { exc_type?: string; exc_value?: string; frames?: Frame[] };

/** Airflow's structured tracebacks, as Python prints them. */
export function traceOf(line: LogLine): string {
  if (!Array.isArray(line.error_detail)) return '';
  return (line.error_detail as Raised[])
    .map(({ exc_type, exc_value, frames = [] }) =>
      [
        ...frames.map((f) => `  File "${f.filename}", line ${f.lineno}, in ${f.name}`),
        `${exc_type ?? 'Error'}: ${exc_value ?? ''}`,
      ].join('\n'),
    )
    .join('\n\n');
}
