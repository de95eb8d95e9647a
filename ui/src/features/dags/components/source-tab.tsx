import { useSearchParams } from 'react-router';
import { Code } from '~/components/code';
import { CopyButton } from '~/components/copy';
import { Empty, Loading } from '~/components/empty';
import { absolute } from '~/components/format';
import { ProblemPanel } from '~/components/problem';
import { useZone } from '~/components/zone';
import { useDagSource, useDagVersions } from '../hooks/dags';

type Props = { deployment: string; dag: string; broken: boolean };

/** What was written, at the newest version or at the one that the address names. */
export function SourceTab({ deployment, dag, broken }: Props) {
  const [search, setSearch] = useSearchParams();
  const named = Number(search.get('version'));
  const version = Number.isInteger(named) && named > 0 ? named : null;
  const { data, error, refetch } = useDagSource(deployment, dag, version);
  const choose = (next: number | null) => {
    const params = new URLSearchParams(search);
    if (next === null) params.delete('version');
    else params.set('version', String(next));
    setSearch(params, { replace: true });
  };
  return (
    <>
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-2 text-muted">
        <Versions deployment={deployment} dag={dag} chosen={version} onChoose={choose} />
        {broken && version === null && (
          <span>The last good version, not what the file says now.</span>
        )}
        {data?.content && <CopyButton text={data.content} what="the source" />}
      </div>
      {error && !data && (
        <ProblemPanel
          what="The source could not be loaded."
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {!data && !error && <Loading label="Loading the source" />}
      {data &&
        (data.content ? (
          <Code text={data.content} label={`Source of ${dag}`} />
        ) : (
          <Empty title="No source is kept of this version">
            It came from an archive, or its file had changed again before it could be kept.
          </Empty>
        ))}
    </>
  );
}

type VersionsProps = {
  deployment: string;
  dag: string;
  chosen: number | null;
  onChoose: (version: number | null) => void;
};

function Versions({ deployment, dag, chosen, onChoose }: VersionsProps) {
  const { data: versions = [] } = useDagVersions(deployment, dag);
  const { zone } = useZone();
  const newest = versions[0]?.version_number;
  if (newest === undefined) return null;
  return (
    <select
      aria-label="Version"
      className="field"
      value={chosen ?? newest}
      onChange={(event) => {
        const next = Number(event.target.value);
        onChoose(next === newest ? null : next);
      }}
    >
      {chosen !== null && !versions.some((one) => one.version_number === chosen) && (
        <option value={chosen}>Version {chosen}</option>
      )}
      {versions.map(({ version_number: number, created_at }) => (
        <option key={number} value={number}>
          Version {number} · {absolute(created_at, zone)}
          {number === newest ? ' · newest' : ''}
        </option>
      ))}
    </select>
  );
}
