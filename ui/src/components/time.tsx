import { useNow } from './clock';
import { absolute, ago, duration } from './format';
import { useZone } from './zone';

type At = string | null | undefined;

/** When, as a distance from now; the date itself on hover and for machines. */
export function Ago({ at, none = '–' }: { at: At; none?: string }) {
  const now = useNow();
  const { zone } = useZone();
  if (!at) return <span className="text-muted">{none}</span>;
  return (
    <time dateTime={at} data-tip={absolute(at, zone)} className="whitespace-nowrap">
      {ago(Date.parse(at), now)}
    </time>
  );
}

export function Moment({ at, none = '–' }: { at: At; none?: string }) {
  const { zone } = useZone();
  if (!at) return <span className="text-muted">{none}</span>;
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {absolute(at, zone)}
    </time>
  );
}

type Span = { start_date?: At; end_date?: At; duration?: number | null };

/** How long it took, or has taken until now. */
export function Elapsed({ of }: { of: Span }) {
  if (of.start_date && !of.end_date) return <Ticking from={of.start_date} />;
  if (of.duration !== null && of.duration !== undefined) return <>{duration(of.duration)}</>;
  if (!of.start_date || !of.end_date) return <span className="text-muted">–</span>;
  return <>{duration((Date.parse(of.end_date) - Date.parse(of.start_date)) / 1000)}</>;
}

function Ticking({ from }: { from: string }) {
  const seconds = Math.floor((useNow() - Date.parse(from)) / 1000);
  return <>{duration(Math.max(0, seconds))}</>;
}
