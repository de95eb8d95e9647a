import { useNow } from '~/components/clock';
import { Ago } from '~/components/time';
import { Orbit } from '~/components/orbit';

type Props = { paused: boolean; next: string | null; last: string | null; schedule: string | null };

export function NextRun({ paused, next, last, schedule }: Props) {
  const now = useNow();
  if (!next) {
    return <span className="text-muted">{schedule ? 'None planned' : 'On demand'}</span>;
  }
  return (
    <span className={`inline-flex items-center gap-1.5 ${paused ? 'text-muted' : ''}`}>
      <Orbit from={last ? Date.parse(last) : null} to={Date.parse(next)} now={now} still={paused} />
      {paused ? 'Paused' : Date.parse(next) < now ? 'Due' : <Ago at={next} />}
    </span>
  );
}
