import { Link } from 'react-router';
import type { Reason } from '~/api/types';
import { paths } from '~/app/paths';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';
import { Words } from '~/components/words';

type Place = { deployment: string; dag: string; run: string };
type Props = { place: Place; title: string; reasons: Reason[] | undefined; error: unknown };

/** The engine's own words on why something does not run. */
export function ReasonsPanel({ place, title, reasons, error }: Props) {
  if (error && !reasons)
    return <ProblemPanel what="The reasons could not be loaded." error={error} />;
  if (!reasons || reasons.length === 0) return null;
  return (
    <section
      aria-label={title}
      className="rounded-lg border border-brass/40 bg-brass-soft px-3 py-2.5"
    >
      <h2 className="mb-1 font-semibold">{title}</h2>
      <ul className="flex flex-col gap-1">
        {reasons.map((reason, index) => (
          <li key={index} className="flex items-baseline gap-x-2">
            <span aria-hidden="true" className="text-brass">
              ◦
            </span>
            <span className="min-w-0 break-words">
              <Words text={reason.text} name={(name) => linkTo(place, reason, name)} />
              {reason.at && (
                <span className="ml-2 text-muted">
                  <Ago at={reason.at} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A task that a reason names is one step away. */
function linkTo({ deployment, dag, run }: Place, reason: Reason, name: string) {
  if (name !== reason.task_id) return null;
  return (
    <Link className="link font-mono" to={paths.task(deployment, dag, run, name)}>
      {name}
    </Link>
  );
}
