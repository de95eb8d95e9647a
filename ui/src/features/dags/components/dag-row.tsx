import { Link } from 'react-router';
import type { Dag } from '~/api/types';
import { paths } from '~/app/paths';
import { IconButton } from '~/components/button';
import { Icon } from '~/components/icons';
import { Words } from '~/components/words';
import { StateMark, stateLabel } from '~/components/state';
import { Switch } from '~/components/switch';
import { Ago, Elapsed } from '~/components/time';
import { usePause } from '../hooks/dags';
import { where } from '../lib/import-errors';
import { ownersOf, scheduleOf } from '../lib/words';
import { NextRun } from './next-run';
import { RunStrip } from './run-strip';

export const DAG_COLUMNS =
  'grid items-center gap-x-4 px-3 sm:px-5 ' +
  'grid-cols-[32px_minmax(0,1fr)_auto_32px] ' +
  'lg:grid-cols-[32px_minmax(0,1fr)_8.5rem_10.5rem_9.5rem_7.5rem_32px]';

type Props = { deployment: string; dag: Dag; onTrigger: (dag: Dag) => void };

export function DagRow({ deployment, dag, onTrigger }: Props) {
  const last = dag.recent_runs[0];
  return (
    <>
      <div role="cell">
        <PauseSwitch deployment={deployment} dagId={dag.dag_id} paused={dag.is_paused} />
      </div>
      <div role="cell" className="min-w-0">
        <div className="flex min-w-0 items-baseline gap-2">
          <Link
            to={paths.dag(deployment, dag.dag_id)}
            className="link truncate text-base font-medium"
          >
            {dag.dag_display_name}
          </Link>
          <span className="hidden h-4 max-w-1/2 shrink-0 flex-wrap gap-1 overflow-hidden text-xs text-muted xl:flex">
            {dag.tags.slice(0, 4).map(({ name }) => (
              <span key={name} className="rounded bg-sunk px-1.5 whitespace-nowrap">
                {name}
              </span>
            ))}
          </span>
        </div>
        <Note dag={dag} />
      </div>
      <div role="cell" className="hidden truncate lg:block" data-tip={dag.timetable_description}>
        {scheduleOf(dag) ?? <span className="text-muted">None</span>}
      </div>
      <div role="cell" className="order-last col-start-2 lg:order-none lg:col-auto">
        <RunStrip deployment={deployment} dag={dag.dag_id} runs={dag.recent_runs} />
      </div>
      <div
        role="cell"
        className="order-last col-span-2 justify-self-end text-right lg:order-none lg:col-auto lg:justify-self-auto lg:text-left"
      >
        {last && (
          <Link
            to={paths.run(deployment, dag.dag_id, last.dag_run_id)}
            className="group block leading-tight"
          >
            <span className="flex items-center gap-1.5 group-hover:underline max-lg:justify-end">
              <StateMark state={last.state} />
              {stateLabel(last.state)}
            </span>
            <span className="text-xs text-muted">
              <Ago at={last.start_date ?? last.run_after} /> · <Elapsed of={last} />
            </span>
          </Link>
        )}
      </div>
      <div role="cell">
        <NextRun
          paused={dag.is_paused}
          next={dag.next_dagrun_run_after}
          last={last?.run_after ?? null}
          schedule={scheduleOf(dag)}
        />
      </div>
      <div role="cell">
        <IconButton
          icon="play"
          label={`Trigger ${dag.dag_id}`}
          className="hover:text-brass"
          onClick={() => onTrigger(dag)}
        />
      </div>
    </>
  );
}

/** The second line: what is broken, before what it is for. */
function Note({ dag }: { dag: Dag }) {
  if (dag.import_error) {
    const { filename, line, column, message } = dag.import_error;
    return (
      <p className="flex min-w-0 items-center gap-1.5 text-xs text-danger" data-tip={message}>
        <Icon name="warning" width={13} height={13} className="shrink-0" />
        <span className="truncate">
          {where(filename, { line, column })} · <Words text={message} />
        </span>
      </p>
    );
  }
  return <p className="truncate text-xs text-muted">{dag.description ?? ownersOf(dag)}</p>;
}

type PauseProps = { deployment: string; dagId: string; paused: boolean };

export function PauseSwitch({ deployment, dagId, paused }: PauseProps) {
  const { set, wanted } = usePause(deployment, dagId);
  const now = wanted ?? paused;
  return (
    <Switch
      checked={!now}
      onChange={(active) => set(!active)}
      label={`Schedule ${dagId}`}
      tip={now ? 'Paused: nothing is scheduled' : 'Active: pause it'}
    />
  );
}
