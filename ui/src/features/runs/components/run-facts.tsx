import type { DagRun } from '~/api/types';
import { Json } from '~/components/code';
import { Facts } from '~/components/facts';
import { StateBadge } from '~/components/state';
import { Ago, Elapsed, Moment } from '~/components/time';

export function RunFacts({ run }: { run: DagRun }) {
  const conf = run.conf ?? {};
  const by = [run.triggered_by?.replaceAll('_', ' '), run.triggering_user_name];
  return (
    <section aria-label="About this run" className="panel p-3 sm:p-4">
      <Facts
        facts={[
          ['State', <StateBadge key="state" state={run.state} />],
          ['Duration', <Elapsed key="duration" of={run} />],
          ['Started', <Ago key="start" at={run.start_date} none="Not yet" />],
          ['Ended', <Ago key="end" at={run.end_date} none="Not yet" />],
          ['Run after', <Moment key="after" at={run.run_after} />],
          ['Logical date', <Moment key="logical" at={run.logical_date} none="None" />],
          ['Type', run.run_type.replaceAll('_', ' ')],
          ['Triggered by', by.filter(Boolean).join(' · ') || '–'],
          ['Dag version', run.dag_versions.map((v) => v.version_number).join(', ') || '–'],
        ]}
      />
      {run.note && <p className="mt-3 border-l-2 border-brass pl-3 break-words">{run.note}</p>}
      {Object.keys(conf).length > 0 && (
        <details className="mt-3" open={JSON.stringify(conf).length < 200}>
          <summary className="mb-1 w-fit text-xs text-muted">Configuration</summary>
          <Json value={conf} label="Configuration" />
        </details>
      )}
    </section>
  );
}
