import { useEffect, useState } from 'react';
import { deploymentBase } from '~/api/client';
import { Problem } from '~/api/problem';
import type { LogLine } from '~/api/types';
import { append, LINES_KEPT, NO_LINES, type Lines } from '../lib/buffer';

export type TailPlace = { dag: string; run: string; task: string; mapIndex: number };
export type TailStatus = 'connecting' | 'tailing' | 'ended' | 'reconnecting';

const DRAW_MS = 100;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

function taskUrl(deployment: string, { dag, run, task }: TailPlace, below: string): string {
  const [d, r, t] = [dag, run, task].map(encodeURIComponent);
  const base = `${deploymentBase(deployment)}/api/v2/${below}`;
  return `${base}dags/${d}/dagRuns/${r}/taskInstances/${t}`;
}

function tailUrl(deployment: string, place: TailPlace, tryNumber: number, offset: string): string {
  const base = taskUrl(deployment, place, 'orrery/');
  // `lines` lets a server that knows it skip what this page would only throw away.
  return `${base}/${place.mapIndex}/logs/${tryNumber}/tail?offset=${offset}&lines=${LINES_KEPT}`;
}

export function downloadUrl(deployment: string, place: TailPlace, tryNumber: number): string {
  const base = taskUrl(deployment, place, '');
  return `${base}/logs/${tryNumber}?map_index=${place.mapIndex}&full_content=true`;
}

/** The lines of one try, from its first to the one being written now. */
export function useTail(deployment: string, at: TailPlace, tryNumber: number) {
  const [lines, setLines] = useState<Lines>(NO_LINES);
  const [status, setStatus] = useState<TailStatus>('connecting');
  const [problem, setProblem] = useState<Problem | null>(null);
  const { dag, run, task, mapIndex } = at;

  useEffect(() => {
    const place = { dag, run, task, mapIndex };
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let draw: ReturnType<typeof setTimeout> | undefined;
    let waiting: LogLine[] = [];
    let skipped = 0;
    let offset = '0';
    let failures = 0;
    let done = false;

    const flush = () => {
      clearTimeout(draw);
      draw = undefined;
      const more = waiting;
      const missed = skipped;
      waiting = [];
      skipped = 0;
      setLines((now) => append({ ...now, dropped: now.dropped + missed }, more));
    };
    const open = () => {
      source = new EventSource(tailUrl(deployment, place, tryNumber, offset));
      source.onopen = () => {
        failures = 0;
        setProblem(null);
        setStatus('tailing');
      };
      source.addEventListener('start', (event) => {
        skipped += (JSON.parse((event as MessageEvent<string>).data) as { skipped: number })
          .skipped;
        if (skipped > 0) draw ??= setTimeout(flush, DRAW_MS);
      });
      source.addEventListener('lines', (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        if (lastEventId) offset = lastEventId;
        waiting.push(...(JSON.parse(data) as LogLine[]));
        const over = waiting.length - LINES_KEPT;
        if (over > 0) {
          waiting = waiting.slice(over);
          skipped += over;
        }
        draw ??= setTimeout(flush, DRAW_MS);
      });
      source.addEventListener('end', () => {
        done = true;
        source?.close();
        flush();
        setStatus('ended');
      });
      source.onerror = () => {
        source?.close();
        if (done) return;
        setStatus('reconnecting');
        // Once is a hiccup; twice is worth a question.
        if (failures === 1)
          void explain(tailUrl(deployment, place, tryNumber, offset)).then(setProblem);
        retry = setTimeout(open, Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures++));
      };
    };
    // A tab that nobody looks at holds no connection; it catches up when it is seen again.
    const onVisibility = () => {
      clearTimeout(retry);
      source?.close();
      if (!document.hidden && !done) open();
    };

    if (!document.hidden) open();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      clearTimeout(retry);
      clearTimeout(draw);
      source?.close();
    };
  }, [deployment, dag, run, task, mapIndex, tryNumber]);

  return { ...lines, status, problem };
}

/** An EventSource hides why it was refused; asking once more does not. */
async function explain(url: string): Promise<Problem | null> {
  const stop = new AbortController();
  try {
    const response = await fetch(new URL(url, window.location.origin), { signal: stop.signal });
    if (response.ok) return null;
    return Problem.parse(response.status, await response.json().catch(() => null));
  } catch {
    return Problem.unreachable();
  } finally {
    stop.abort();
  }
}
