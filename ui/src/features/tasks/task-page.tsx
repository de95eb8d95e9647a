import { useSearchParams } from 'react-router';
import { usePlace } from '~/app/params';
import { PageHead } from '~/app/page';
import { paths } from '~/app/paths';
import { Button } from '~/components/button';
import { Empty, Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { StateMark, isFinal, questionOf } from '~/components/state';
import { TabLinks, useTab, type Tab } from '~/components/tabs';
import { AuditLog } from '~/features/audit/components/lazy-audit';
import { QuestionPanel } from '~/features/humans/components/question-panel';
import { useQuestion } from '~/features/humans/hooks/questions';
import { LogView } from '~/features/logs/components/log-view';
import { ReasonsPanel } from '~/features/reasons/components/reasons';
import { useTaskReasons } from '~/features/reasons/hooks/reasons';
import { XComTab } from '~/features/xcoms/components/xcom-tab';
import { ExtraLinks } from './components/extra-links';
import { RenderedTab } from './components/rendered-tab';
import { TaskActions } from './components/task-actions';
import { TaskDetails } from './components/task-details';
import { TaskSummary } from './components/task-summary';
import { TryPicker } from './components/try-picker';
import { useTask, useTries } from './hooks/tasks';

const TABS: Tab[] = [
  { id: 'log', label: 'Log' },
  { id: 'rendered', label: 'Rendered' },
  { id: 'xcoms', label: 'XComs' },
  { id: 'details', label: 'Details' },
  { id: 'audit', label: 'Audit log' },
];

/** Operators whose tasks ask people. */
const ASKS = /HITL|Approval/;

const isAhead = (state: string | null | undefined) =>
  !state || state === 'scheduled' || state === 'queued';

export default function TaskPage() {
  const { deployment, ...place } = usePlace();
  const [search] = useSearchParams();
  const tab = useTab(TABS);
  const { data: task, error, refetch } = useTask(deployment, place);
  const tries = useTries(deployment, place);
  const question = task ? questionOf(task.state) : null;
  const reasons = useTaskReasons(deployment, place, question !== null);

  const isOpen = task?.state === 'awaiting_input' || task?.state === 'deferred';
  const asks = isOpen || ASKS.test(task?.operator_name ?? task?.operator ?? '');
  const asked = useQuestion(deployment, place, asks);

  const latest = task?.try_number ?? 0;
  const wanted = Number(search.get('try'));
  const tryNumber = wanted >= 1 && wanted <= latest ? wanted : latest;
  // A try has its number as soon as it is scheduled, and a log once it starts.
  const begun =
    tryNumber > 0 && (tryNumber < latest || task?.start_date != null || !isAhead(task?.state));
  const shown = tries.data?.find(({ try_number }) => try_number === tryNumber) ?? task;

  return (
    <>
      <PageHead
        title={titleOf(place, task?.rendered_map_index)}
        mark={task && <StateMark state={task.state} size={20} />}
        crumbs={[
          { label: 'Dags', to: paths.dags(deployment) },
          { label: place.dag, to: paths.dag(deployment, place.dag) },
          { label: place.run, to: paths.run(deployment, place.dag, place.run) },
        ]}
        actions={
          task && (
            <TaskActions
              deployment={deployment}
              task={task}
              trigger={<Button icon="redo">Clear or mark…</Button>}
            />
          )
        }
      >
        {task && <TaskSummary task={task} />}
        {task && <ExtraLinks deployment={deployment} place={place} />}
      </PageHead>
      <div className="flex flex-col gap-3 px-3 sm:px-5">
        {error && (
          <ProblemPanel
            what="The task instance could not be loaded."
            error={error}
            isShown={task !== undefined}
            onRetry={() => void refetch()}
          />
        )}
        {!task && !error && <Loading label="Loading the task instance" />}
        {asked.data && (
          <QuestionPanel
            key={asked.data.created_at}
            deployment={deployment}
            place={place}
            question={asked.data}
            isOpen={isOpen && !asked.data.response_received}
          />
        )}
        {question && (
          <ReasonsPanel
            place={{ deployment, dag: place.dag, run: place.run }}
            title={question}
            reasons={reasons.data?.reasons}
            error={reasons.error}
          />
        )}
      </div>
      {task && shown && (
        <>
          <div className="mt-1 px-2 sm:px-4">
            <TabLinks tabs={TABS} label="Of this task instance" />
          </div>
          <div className="flex min-h-0 flex-1 flex-col gap-3 p-3 sm:p-5">
            {(tab === 'log' || tab === 'details') && latest > 1 && (
              <TryPicker tries={tries.data ?? []} latest={task} chosen={tryNumber} />
            )}
            {tab === 'log' && begun && (
              <LogView
                key={[place.dag, place.run, place.task, place.mapIndex, tryNumber].join()}
                deployment={deployment}
                place={place}
                tryNumber={tryNumber}
              />
            )}
            {tab === 'log' && !begun && (
              <Empty title="No try has begun">
                {isFinal(task.state)
                  ? 'It did not run, so there is no log.'
                  : 'The log appears here when one does.'}
              </Empty>
            )}
            {tab === 'rendered' && <RenderedTab task={task} />}
            {tab === 'xcoms' && <XComTab deployment={deployment} place={place} />}
            {tab === 'details' && <TaskDetails task={task} shown={shown} />}
            {tab === 'audit' && <AuditLog deployment={deployment} of={place} />}
          </div>
        </>
      )}
    </>
  );
}

/** A mapped instance by its label; by its number where it has none of its own. */
function titleOf({ task, mapIndex }: { task: string; mapIndex: number }, label?: string | null) {
  if (mapIndex < 0) return task;
  return `${task} [${label && label !== String(mapIndex) ? label : mapIndex}]`;
}
