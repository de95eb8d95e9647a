import type { CSSProperties } from 'react';

const LABELS: Record<string, string> = {
  success: 'Success',
  running: 'Running',
  failed: 'Failed',
  queued: 'Queued',
  scheduled: 'Scheduled',
  up_for_retry: 'Up for retry',
  up_for_reschedule: 'Up for reschedule',
  upstream_failed: 'Upstream failed',
  skipped: 'Skipped',
  deferred: 'Deferred',
  awaiting_input: 'Awaiting input',
  restarting: 'Restarting',
  removed: 'Removed',
  none: 'Not started',
};

// The shape says it again, for those who do not see the colour.
const GLYPHS: Record<string, string> = {
  success: 'm3.5 8.5 3 2.8 6-6.3',
  failed: 'm4.5 4.5 7 7m0-7-7 7',
  upstream_failed: 'M8 12V4m-3.5 3.5L8 4l3.5 3.5',
  skipped: 'm4 4.5 3.5 3.5L4 11.5m4.5-7L12 8l-3.5 3.5',
  up_for_retry: 'M12 4v3H9m2.7 0a4 4 0 1 0 .2 2.4',
  up_for_reschedule: 'M8 4.5V8l2.5 1.8',
  deferred: 'M6 4.5v7m4-7v7',
  awaiting_input: 'M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1M8 11.6v.1',
  removed: 'M4.5 8h7',
  restarting: 'M12 4v3H9m2.7 0a4 4 0 1 0 .2 2.4',
};

export const RUN_STATES = ['running', 'failed', 'success', 'queued'] as const;
export const TASK_STATES = Object.keys(LABELS);
/** States after which nothing happens by itself. */
const FINAL = new Set(['success', 'failed', 'skipped', 'upstream_failed', 'removed']);

export function isFinal(state: string | null | undefined): boolean {
  return FINAL.has(state ?? '');
}

/** What a reader asks of a task in this state; nothing of one that runs or ran well. */
export function questionOf(state: string | null | undefined): string | null {
  if (state === 'running' || state === 'success' || state === 'restarting') return null;
  if (state === 'failed') return 'Why it failed';
  return isFinal(state) ? 'Why it did not run' : 'Why it is not running';
}

export function stateLabel(state: string | null | undefined): string {
  const key = state || 'none';
  return LABELS[key] ?? key.replaceAll('_', ' ');
}

export function stateVar(state: string | null | undefined): CSSProperties {
  const key = state || 'none';
  return { '--state': `var(--s-${key in LABELS ? key : 'none'})` } as CSSProperties;
}

/** Queued, scheduled and not started are outlines: nothing has happened in them yet. */
const HOLLOW = new Set(['none', 'queued', 'scheduled']);

export function StateMark({
  state,
  size = 14,
}: {
  state: string | null | undefined;
  size?: number;
}) {
  const key = state || 'none';
  const hollow = HOLLOW.has(key);
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      aria-hidden="true"
      style={stateVar(state)}
      className={`shrink-0 ${key === 'running' ? 'breathing' : ''}`}
    >
      <rect
        x="1"
        y="1"
        width="14"
        height="14"
        rx={key === 'running' ? 7 : 3.5}
        fill={hollow ? 'none' : 'var(--state)'}
        stroke="var(--state)"
        strokeWidth="1.6"
        strokeDasharray={key === 'none' ? '2 2.4' : undefined}
      />
      {key === 'queued' && <circle cx="8" cy="8" r="2" fill="var(--state)" />}
      {key === 'scheduled' && <path d="M5 8h6" stroke="var(--state)" strokeWidth="1.6" />}
      {key === 'running' && <circle cx="8" cy="8" r="3" fill="var(--c-surface)" />}
      {GLYPHS[key] && (
        <path
          d={GLYPHS[key]}
          stroke="var(--c-surface)"
          strokeWidth="1.8"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      )}
    </svg>
  );
}

export function StateBadge({ state }: { state: string | null | undefined }) {
  return (
    <span className="inline-flex items-center gap-1.5 align-middle whitespace-nowrap">
      <StateMark state={state} />
      {stateLabel(state)}
    </span>
  );
}
