import { Code } from '~/components/code';
import { CopyButton } from '~/components/copy';
import { Empty, Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { useDagSource } from '../hooks/dags';

type Props = { deployment: string; dag: string; broken: boolean };

export function SourceTab({ deployment, dag, broken }: Props) {
  const { data, error, refetch } = useDagSource(deployment, dag);
  if (error && !data) {
    return (
      <ProblemPanel
        what="The source could not be loaded."
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  if (!data) return <Loading label="Loading the source" />;
  if (!data.content) return <Empty title="No source is kept for this dag" />;
  return (
    <>
      <div className="mb-2 flex items-center gap-2 text-muted">
        {data.version_number !== null && (
          <span>
            Version {data.version_number}
            {broken && ', the last good one: not the file that cannot be imported'}
          </span>
        )}
        <CopyButton text={data.content} what="the source" />
      </div>
      <Code text={data.content} label={`Source of ${dag}`} />
    </>
  );
}
