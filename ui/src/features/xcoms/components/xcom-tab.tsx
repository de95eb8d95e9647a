import { Json } from '~/components/code';
import { CopyButton } from '~/components/copy';
import { Empty, Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';
import { useXCom, useXComs } from '../hooks/xcoms';

type Place = { dag: string; run: string; task: string; mapIndex: number };

export function XComTab({ deployment, place }: { deployment: string; place: Place }) {
  const { data, error, refetch } = useXComs(deployment, place);
  if (error && !data) {
    return (
      <ProblemPanel
        what="The XComs could not be loaded."
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  if (!data) return <Loading label="Loading XComs" />;
  if (data.xcom_entries.length === 0) {
    return (
      <Empty title="This task instance pushed no XCom">
        What a task returns, or pushes under a key, is shown here for the tasks that come after it.
      </Empty>
    );
  }
  return (
    <ul className="flex flex-col gap-4">
      {data.xcom_entries.map((entry) => (
        <li key={entry.key}>
          <h2 className="flex items-center gap-3">
            <code className="font-mono font-semibold break-all">{entry.key}</code>
            <span className="text-xs text-muted">
              <Ago at={entry.timestamp} />
            </span>
          </h2>
          <XComValue deployment={deployment} place={place} name={entry.key} />
        </li>
      ))}
    </ul>
  );
}

type ValueProps = { deployment: string; place: Place; name: string };

function XComValue({ deployment, place, name }: ValueProps) {
  const { data, error } = useXCom(deployment, place, name);
  if (error) return <ProblemPanel what="The value could not be loaded." error={error} />;
  if (!data) return <Loading />;
  const value = 'value' in data ? data.value : null;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className="flex items-start gap-1">
      <div className="min-w-0 flex-1">
        <Json value={text} label={`Value of ${name}`} />
      </div>
      <CopyButton text={text} what={name} />
    </div>
  );
}
