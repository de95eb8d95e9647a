import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { Dag } from '~/api/types';
import { usePlace } from '~/app/params';
import { PageHead } from '~/app/page';
import { Button } from '~/components/button';
import { Empty, Loading } from '~/components/empty';
import { useMedia } from '~/components/media';
import { ProblemPanel } from '~/components/problem';
import { useWindowRows } from '~/components/window-rows';
import { TriggerDialog } from '~/features/runs/components/lazy-trigger';
import { DagTable } from './components/dag-table';
import { DagFilters } from './components/filters';
import { ImportErrorsBanner } from './components/import-errors';
import { StateCounts } from './components/state-counts';
import { WarningsBanner } from './components/warnings';
import { useDagList, type Filters } from './hooks/dags';

const ROW_PX = { wide: 54, narrow: 92 };

export default function DagsPage() {
  const { deployment } = usePlace();
  const { filters, change, clear, filtered } = useFilters();
  const wide = useMedia('(min-width: 64rem)');
  const rowHeight = wide ? ROW_PX.wide : ROW_PX.narrow;
  const [triggered, setTriggered] = useState<Dag | null>(null);
  // The list tells the window how long it is, the window tells the list what to fetch.
  const [total, setTotal] = useState(0);
  const windowRows = useWindowRows(total, rowHeight);
  const dags = useDagList(deployment, filters, windowRows.visible);
  if (dags.total !== total) setTotal(dags.total);

  return (
    <>
      <PageHead
        title="Dags"
        actions={
          dags.head && (
            <>
              <StateCounts
                deployment={deployment}
                chosen={filters.state}
                onChoose={(state) => change({ state })}
              />
              <span className="text-muted" role="status">
                {dags.total.toLocaleString('en')} {filtered ? 'found' : 'in total'}
              </span>
            </>
          )
        }
      />
      <DagFilters deployment={deployment} filters={filters} onChange={change} />
      <ImportErrorsBanner deployment={deployment} n={dags.importErrors} />
      <WarningsBanner deployment={deployment} />
      {dags.error && (
        <div className="px-3 pb-3 sm:px-5">
          <ProblemPanel
            what="The dags could not be loaded."
            error={dags.error}
            isShown={dags.head !== undefined}
            onRetry={dags.refetch}
          />
        </div>
      )}
      {dags.isPending && !dags.error && <Loading label="Loading dags" />}
      {dags.head && total > 0 && (
        <DagTable
          deployment={deployment}
          total={total}
          rowHeight={rowHeight}
          windowRows={windowRows}
          item={dags.item}
          onTrigger={setTriggered}
          dimmed={dags.isPlaceholder}
        />
      )}
      {dags.head && total === 0 && <NoDags filtered={filtered} onClear={clear} />}
      {triggered && (
        <TriggerDialog
          deployment={deployment}
          dagId={triggered.dag_id}
          onClose={() => setTriggered(null)}
        />
      )}
    </>
  );
}

function NoDags({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered) {
    return (
      <Empty title="No dag matches" action={<Button onClick={onClear}>Clear the filters</Button>}>
        Another word, or fewer filters, may find it.
      </Empty>
    );
  }
  return (
    <Empty title="No dags yet">
      Save a dag file, <code>.yaml</code>, in the dags folder that Orrery was started with. It
      appears here by itself within a second.
    </Empty>
  );
}

/** The filters live in the address, so that a view can be sent to somebody. */
function useFilters() {
  const [search, setSearch] = useSearchParams();
  const paused = search.get('paused');
  const filters: Filters = {
    search: search.get('q') ?? '',
    paused: paused === null ? null : paused === 'true',
    state: search.get('state') ?? '',
    tag: search.get('tag') ?? '',
  };
  const change = (part: Partial<Filters>) => {
    const next = { ...filters, ...part };
    const params = new URLSearchParams();
    if (next.search) params.set('q', next.search);
    if (next.paused !== null) params.set('paused', String(next.paused));
    if (next.state) params.set('state', next.state);
    if (next.tag) params.set('tag', next.tag);
    setSearch(params, { replace: true });
  };
  return {
    filters,
    change,
    clear: () => setSearch({}, { replace: true }),
    filtered: search.size > 0,
  };
}
