import { useState } from 'react';
import { usePlace } from '~/app/params';
import { PageHead } from '~/app/page';
import { paths } from '~/app/paths';
import { Button } from '~/components/button';
import { Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { TabLinks, useTab, type Tab } from '~/components/tabs';
import { AuditLog } from '~/features/audit/components/lazy-audit';
import { OpenQuestions } from '~/features/humans/components/open-questions';
import { DagGrid } from '~/features/grid/components/dag-grid';
import { RunList } from '~/features/runs/components/run-list';
import { TriggerDialog } from '~/features/runs/components/lazy-trigger';
import { DagSummary } from './components/dag-summary';
import { DagDetailsTab } from './components/details-tab';
import { PauseSwitch } from './components/dag-row';
import { ImportErrorItem } from './components/import-errors';
import { SourceTab } from './components/source-tab';
import { useDag, useImportErrors } from './hooks/dags';
import { isSameFile } from './lib/import-errors';

const TABS: Tab[] = [
  { id: 'grid', label: 'Grid' },
  { id: 'runs', label: 'Runs' },
  { id: 'code', label: 'Code' },
  { id: 'details', label: 'Details' },
  { id: 'audit', label: 'Audit log' },
];

export default function DagPage() {
  const { deployment, dag: dagId } = usePlace();
  const { data: dag, error, refetch } = useDag(deployment, dagId);
  const [triggering, setTriggering] = useState(false);
  const tab = useTab(TABS);
  const broken = useBroken(deployment, dag);

  return (
    <>
      <PageHead
        title={dag?.dag_display_name ?? dagId}
        crumbs={[{ label: 'Dags', to: paths.dags(deployment) }]}
        mark={dag && <PauseSwitch deployment={deployment} dagId={dagId} paused={dag.is_paused} />}
        actions={
          <Button
            look="solid"
            icon="play"
            disabled={!dag || dag.is_stale}
            onClick={() => setTriggering(true)}
          >
            Trigger
          </Button>
        }
      >
        {dag && <DagSummary dag={dag} />}
      </PageHead>
      <div className="px-3 sm:px-5">
        {error && (
          <ProblemPanel
            what={`${dagId} could not be loaded.`}
            error={error}
            isShown={dag !== undefined}
            onRetry={() => void refetch()}
          />
        )}
        {broken && (
          <section
            aria-label="Import error"
            className="mb-3 rounded-lg border border-danger/50 bg-danger-soft"
          >
            <h2 className="px-3 pt-2 font-semibold">
              The file of this dag cannot be imported. What follows is its last good version.
            </h2>
            <ImportErrorItem error={broken} />
          </section>
        )}
        {dag?.is_stale && !broken && (
          <p className="mb-3 rounded-lg border border-brass/40 bg-brass-soft px-3 py-2.5">
            <strong className="font-semibold">The file of this dag is gone.</strong> Its runs stay
            here until they are too old to keep; nothing new is started until the file is back.
          </p>
        )}
        <OpenQuestions
          deployment={deployment}
          dag={dagId}
          enabled={(dag?.active_runs_count ?? 0) > 0}
        />
        {!dag && !error && <Loading label="Loading the dag" />}
      </div>
      {dag && (
        <>
          <div className="px-2 sm:px-4">
            <TabLinks tabs={TABS} label="Of this dag" />
          </div>
          <div className="flex-1 p-3 sm:p-5">
            {tab === 'grid' && (
              <DagGrid deployment={deployment} dag={dagId} onTrigger={() => setTriggering(true)} />
            )}
            {tab === 'runs' && <RunList deployment={deployment} dag={dagId} />}
            {tab === 'code' && (
              <SourceTab deployment={deployment} dag={dagId} broken={broken !== undefined} />
            )}
            {tab === 'details' && <DagDetailsTab dag={dag} />}
            {tab === 'audit' && <AuditLog deployment={deployment} of={{ dag: dagId }} />}
          </div>
        </>
      )}
      {triggering && (
        <TriggerDialog deployment={deployment} dagId={dagId} onClose={() => setTriggering(false)} />
      )}
    </>
  );
}

type DagFile = { has_import_errors?: boolean; relative_fileloc: string | null; fileloc: string };

function useBroken(deployment: string, dag: DagFile | undefined) {
  const { data } = useImportErrors(deployment, dag?.has_import_errors === true);
  if (!dag?.has_import_errors) return undefined;
  return data?.errors.find(
    ({ filename }) =>
      isSameFile(filename, dag.relative_fileloc) || isSameFile(filename, dag.fileloc),
  );
}
