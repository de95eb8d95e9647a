import { Link, useSearchParams } from 'react-router';
import type { TaskInstance, TryRecord } from '~/api/types';
import { StateMark, stateLabel } from '~/components/state';
import { duration } from '~/components/format';

type Props = { tries: TryRecord[]; latest: TaskInstance; chosen: number };

/** A link for each try; the newest one follows the task instance. */
export function TryPicker({ tries, latest, chosen }: Props) {
  const [search] = useSearchParams();
  const known = new Map(tries.map((record) => [record.try_number, record]));
  const numbers = Array.from({ length: latest.try_number }, (_, index) => index + 1);
  const to = (n: number) => {
    const next = new URLSearchParams(search);
    if (n === latest.try_number) next.delete('try');
    else next.set('try', String(n));
    return `?${next}`;
  };
  return (
    <nav aria-label="Tries" className="flex flex-wrap items-center gap-1">
      <span className="mr-1 text-muted">Try</span>
      {numbers.map((n) => {
        const record = n === latest.try_number ? latest : known.get(n);
        const state = record?.state ?? null;
        return (
          <Link
            key={n}
            to={to(n)}
            replace
            aria-current={n === chosen ? 'true' : undefined}
            aria-label={`Try ${n}, ${stateLabel(state)}`}
            data-tip={`${stateLabel(state)}\n${duration(record?.duration)}`}
            className="inline-flex h-7 items-center gap-1.5 rounded-md border border-line px-2 hover:border-line-strong aria-[current]:border-brass aria-[current]:bg-brass-soft"
          >
            <StateMark state={state} size={13} />
            {n}
          </Link>
        );
      })}
    </nav>
  );
}
