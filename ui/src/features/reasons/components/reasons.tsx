import { Link } from 'react-router';
import type { Reason } from '~/api/types';
import { paths } from '~/app/paths';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';

type Place = { deployment: string; dag: string; run: string };
type Props = { place: Place; title: string; reasons: Reason[] | undefined; error: unknown };

/** The engine's own words on why something does not run. */
export function ReasonsPanel({ place, title, reasons, error }: Props) {
  if (error) return <ProblemPanel what="The reasons could not be loaded." error={error} />;
  if (!reasons || reasons.length === 0) return null;
  return (
    <section
      aria-label={title}
      className="rounded-lg border border-brass/40 bg-brass-soft px-3 py-2.5"
    >
      <h2 className="mb-1 font-semibold">{title}</h2>
      <ul className="flex flex-col gap-1">
        {reasons.map((reason, index) => (
          <li key={index} className="flex flex-wrap items-baseline gap-x-2">
            <span aria-hidden="true" className="text-brass">
              ◦
            </span>
            <span className="min-w-0 break-words">{reason.text}</span>
            <About place={place} reason={reason} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function About({ place, reason }: { place: Place; reason: Reason }) {
  return (
    <span className="flex gap-2 text-muted">
      {reason.task_id && (
        <Link
          className="link"
          to={paths.task(place.deployment, place.dag, place.run, reason.task_id)}
        >
          {reason.task_id}
        </Link>
      )}
      {reason.pool && <span>pool {reason.pool}</span>}
      {reason.at && <Ago at={reason.at} />}
    </span>
  );
}
