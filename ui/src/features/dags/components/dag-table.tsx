import type { Dag } from '~/api/types';
import type { useWindowRows } from '~/components/window-rows';
import { DAG_COLUMNS, DagRow } from './dag-row';

type Props = {
  deployment: string;
  total: number;
  rowHeight: number;
  windowRows: ReturnType<typeof useWindowRows>;
  item: (index: number) => Dag | undefined;
  onTrigger: (dag: Dag) => void;
  dimmed: boolean;
};

const HEADINGS = ['Active', 'Dag', 'Schedule', 'Last runs', 'Latest', 'Next run', 'Trigger'];

export function DagTable({ deployment, total, rowHeight, windowRows, item, ...rest }: Props) {
  const { list, rows, height } = windowRows;
  return (
    <div
      role="table"
      aria-label="Dags"
      aria-rowcount={total + 1}
      className={rest.dimmed ? 'opacity-60' : ''}
    >
      <div
        role="row"
        aria-rowindex={1}
        className={`${DAG_COLUMNS} sticky top-0 z-10 border-y border-line bg-page py-1.5 text-xs text-muted max-lg:sr-only`}
      >
        {HEADINGS.map((heading) => (
          <div key={heading} role="columnheader">
            <span className={heading === 'Active' || heading === 'Trigger' ? 'sr-only' : ''}>
              {heading}
            </span>
          </div>
        ))}
      </div>
      <div ref={list} role="rowgroup" className="relative" style={{ height }}>
        {rows.map(({ index, y }) => {
          const dag = item(index);
          return (
            <div
              key={dag?.dag_id ?? index}
              role="row"
              aria-rowindex={index + 2}
              style={{ height: rowHeight, transform: `translateY(${y}px)` }}
              className={`${DAG_COLUMNS} absolute inset-x-0 top-0 content-center border-b border-line hover:bg-surface`}
            >
              {dag ? (
                <DagRow deployment={deployment} dag={dag} onTrigger={rest.onTrigger} />
              ) : (
                <div role="cell" className="col-start-2 h-3 w-40 rounded bg-line" />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
