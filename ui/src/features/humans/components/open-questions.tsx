import { Link } from 'react-router';
import { paths } from '~/app/paths';
import { count } from '~/components/format';
import { Ago } from '~/components/time';
import { useOpenQuestions } from '../hooks/questions';

type Props = { deployment: string; dag: string; enabled: boolean };

/** Says that tasks of a dag wait for people, each one step away. */
export function OpenQuestions({ deployment, dag, enabled }: Props) {
  const { data } = useOpenQuestions(deployment, dag, enabled);
  if (!data || data.total === 0) return null;
  return (
    <section
      aria-label="Input required"
      className="mb-3 rounded-lg border border-brass/40 bg-brass-soft px-3 py-2.5"
    >
      <h2 className="font-semibold">
        Input required: {count(data.total, 'task')} {data.total === 1 ? 'waits' : 'wait'} for an
        answer
      </h2>
      <ul className="mt-1 flex flex-col gap-1">
        {data.questions.map(({ task_instance: task, subject, created_at }) => (
          <li key={task.id} className="flex flex-wrap items-baseline gap-x-2">
            <Link
              className="link break-words"
              to={paths.task(deployment, dag, task.dag_run_id, task.task_id, task.map_index)}
            >
              {subject}
            </Link>
            <span className="text-muted">
              <span className="font-mono">{task.task_id}</span>, <Ago at={created_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
