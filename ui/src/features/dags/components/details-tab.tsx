import type { DagDetails } from '~/api/types';
import { Json } from '~/components/code';
import { Facts } from '~/components/facts';
import { Markdown } from '~/components/markdown';
import { Ago } from '~/components/time';
import { paramsOf } from '~/features/runs/lib/params';
import { scheduleOf } from '../lib/words';
import { ParamTable } from './param-table';

export function DagDetailsTab({ dag }: { dag: DagDetails }) {
  const version = dag.latest_dag_version;
  return (
    <div className="flex flex-col gap-6">
      {dag.doc_md && (
        <section aria-label="Documentation" className="panel max-w-3xl p-4">
          <Markdown text={dag.doc_md} />
        </section>
      )}
      <Facts
        facts={[
          ['Dag id', dag.dag_id],
          ['Description', dag.description ?? '–'],
          ['Owners', dag.owners.join(', ') || '–'],
          ['Schedule', scheduleOf(dag) ?? 'None: on demand'],
          ['Time zone', dag.timezone ?? '–'],
          ['Catchup', dag.catchup ? 'Yes' : 'No'],
          ['Start date', <Ago key="start" at={dag.start_date} />],
          ['End date', <Ago key="end" at={dag.end_date} />],
          ['Active runs, at most', dag.max_active_runs ?? '–'],
          ['Active tasks, at most', dag.max_active_tasks],
          ['File', dag.relative_fileloc ?? dag.fileloc],
          ['Bundle', [dag.bundle_name, dag.bundle_version].filter(Boolean).join(' · ') || '–'],
          ['Version', version ? version.version_number : '–'],
          ['Parsed', <Ago key="parsed" at={dag.last_parsed_time} />],
        ]}
      />
      <ParamTable params={paramsOf(dag.params)} />
      {dag.default_args && Object.keys(dag.default_args).length > 0 && (
        <section>
          <h2 className="mb-1 font-semibold">Default arguments</h2>
          <Json value={dag.default_args} label="Default arguments" />
        </section>
      )}
    </div>
  );
}
