import { useState } from 'react';
import { Link } from 'react-router';
import type { DagRunState } from '~/api/types';
import { usePlace } from '~/app/params';
import { PageHead } from '~/app/page';
import { paths } from '~/app/paths';
import { Button } from '~/components/button';
import { Loading } from '~/components/empty';
import { Menu } from '~/components/menu';
import { ProblemPanel } from '~/components/problem';
import { StateMark } from '~/components/state';
import { ReasonsPanel } from '~/features/reasons/components/reasons';
import { useRunReasons } from '~/features/reasons/hooks/reasons';
import { ClearDialog } from '~/features/tasks/components/clear-dialog';
import { TaskList } from '~/features/tasks/components/task-list';
import { RunFacts } from './components/run-facts';
import { useMarkRun, useRun } from './hooks/runs';

const TITLES: Record<DagRunState, string> = {
  queued: 'Why it has not started',
  running: 'What this run waits for',
  failed: 'Why it failed',
  success: 'Why it ended',
};

export default function RunPage() {
  const { deployment, dag, run: runId } = usePlace();
  const { data: run, error, refetch } = useRun(deployment, dag, runId);
  const [clearing, setClearing] = useState(false);
  const mark = useMarkRun(deployment, dag, runId);
  const reasons = useRunReasons(deployment, dag, runId, run !== undefined);

  return (
    <>
      <PageHead
        title={runId}
        mark={run && <StateMark state={run.state} size={20} />}
        crumbs={[
          { label: 'Dags', to: paths.dags(deployment) },
          { label: dag, to: paths.dag(deployment, dag) },
        ]}
        actions={
          run && (
            <>
              <Menu
                label="Mark the run"
                trigger={<Button disabled={mark.isPending}>Mark as…</Button>}
                items={(['success', 'failed'] as const).map((state) => ({
                  label: state === 'success' ? 'Success' : 'Failed',
                  mark: <StateMark state={state} />,
                  onSelect: () => mark.mutate(state),
                }))}
              />
              <Button icon="redo" onClick={() => setClearing(true)}>
                Clear…
              </Button>
            </>
          )
        }
      />
      <div className="flex flex-col gap-4 px-3 pb-5 sm:px-5">
        {error && (
          <ProblemPanel
            what="The run could not be loaded."
            error={error}
            isShown={run !== undefined}
            onRetry={() => void refetch()}
          />
        )}
        {!run && !error && <Loading label="Loading the run" />}
        {run && (
          <>
            <RunFacts run={run} />
            <ReasonsPanel
              place={{ deployment, dag, run: runId }}
              title={TITLES[run.state]}
              reasons={reasons.data?.reasons}
              error={reasons.error}
            />
            <TaskList deployment={deployment} dag={dag} run={run} waiting={reasons.data?.tasks} />
            <p>
              <Link to={paths.audit(deployment, { dag, run: runId })} className="link">
                Who did what to this run: the audit log
              </Link>
            </p>
          </>
        )}
      </div>
      {clearing && (
        <ClearDialog
          deployment={deployment}
          dag={dag}
          run={runId}
          onlyFailed={run?.state === 'failed'}
          onClose={() => setClearing(false)}
        />
      )}
    </>
  );
}
