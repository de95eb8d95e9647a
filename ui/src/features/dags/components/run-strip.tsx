import type { KeyboardEvent } from 'react';
import { Link } from 'react-router';
import type { RunSummary } from '~/api/types';
import { paths } from '~/app/paths';
import { absolute, duration } from '~/components/format';
import { stateLabel, stateVar } from '~/components/state';
import { useZone } from '~/components/zone';

type Props = { deployment: string; dag: string; runs: RunSummary[] };

const HEIGHT = 26;

/** The last runs, oldest first: colour is the state, height the duration. */
export function RunStrip({ deployment, dag, runs }: Props) {
  const { zone } = useZone();
  if (runs.length === 0) return <span className="text-muted">No runs yet</span>;
  const longest = Math.max(1, ...runs.map((run) => run.duration ?? 0));
  const shown = runs.slice(0, 14).reverse();
  return (
    <ul aria-label={`Last runs of ${dag}`} className="flex items-end gap-px">
      {shown.map((run, index) => {
        const height = run.duration ? 6 + (HEIGHT - 6) * Math.sqrt(run.duration / longest) : 6;
        const words = `${stateLabel(run.state)}, ${absolute(run.run_after, zone)}`;
        const taken = run.duration === null ? '' : `\n${duration(run.duration)}`;
        return (
          <li key={run.dag_run_id}>
            <Link
              to={paths.run(deployment, dag, run.dag_run_id)}
              // One stop for the keyboard; the arrows do the rest.
              tabIndex={index === shown.length - 1 ? 0 : -1}
              onKeyDown={step}
              aria-label={words}
              data-tip={`${words}${taken}\n${run.run_type}`}
              className="group flex h-[30px] w-[11px] items-end justify-center"
            >
              <span
                style={{ ...stateVar(run.state), height }}
                className={`state-fill w-[8px] rounded-[2px] group-hover:opacity-70 ${run.state === 'running' ? 'breathing' : ''}`}
              />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function step(event: KeyboardEvent<HTMLAnchorElement>) {
  const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (by === 0) return;
  const links = [...event.currentTarget.closest('ul')!.querySelectorAll('a')];
  const next = links[links.findIndex((link) => link === event.currentTarget) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
