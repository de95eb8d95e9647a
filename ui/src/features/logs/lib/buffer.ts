import type { LogLine } from '~/api/types';
import { plain } from './plain';
import { traceOf } from './trace';

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

/** A line with the number that it has in the file; the first of a group also has the group's. */
export type Shown = { line: LogLine; number: number; group?: Group };
export type Group = { title: string; lines: number; isOpen: boolean };

const GROUP = '::group::';
const END = '::endgroup::';
const WARNING = 2;

/**
 * Lines that pass the filter. What stands between Airflow's group marks is folded unless the group
 * is in `open`, something is searched for, or the line warns.
 */
export function filterLines(
  { lines, dropped }: Lines,
  search: string,
  least: Level,
  open: ReadonlySet<number> = new Set(),
): Shown[] {
  const wanted = search.trim().toLowerCase();
  const from = rank(least);
  const shown: Shown[] = [];
  let group: Group | null = null;
  lines.forEach((line, index) => {
    const number = dropped + index + 1;
    const isEnd = line.event.startsWith(END);
    if (line.event.startsWith(GROUP) || isEnd) group = null;
    if (isEnd || rank(line.level) < from) return;
    if (wanted && !textOf(line).toLowerCase().includes(wanted)) return;
    if (line.event.startsWith(GROUP) && !wanted) {
      const title = line.event.slice(GROUP.length).trim() || 'Group';
      group = { title, lines: 0, isOpen: open.has(number) };
      shown.push({ line, number, group });
      return;
    }
    if (group) group.lines += 1;
    if (group && !group.isOpen && rank(line.level) < WARNING) return;
    shown.push({ line, number });
  });
  return shown.filter((one) => one.group === undefined || one.group.lines > 0);
}

// Shown in a way of their own, or the same on every line of a try and so on the page already.
const KNOWN = new Set([
  ...['event', 'timestamp', 'level', 'logger', 'error_detail', 'exception'],
  ...['dag_id', 'run_id', 'task_id', 'map_index', 'try_number', 'ti_id'],
  // Where in Airflow the line was written helps nobody who reads what a task did.
  ...['filename', 'lineno'],
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
