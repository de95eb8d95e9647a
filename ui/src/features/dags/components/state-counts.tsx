import type { DagRunState } from '~/api/types';
import { StateMark, stateLabel } from '~/components/state';
import { useDagCount } from '../hooks/dags';

type Props = { deployment: string; chosen: string; onChoose: (state: string) => void };

/** What an operator looks for first: what failed, and what runs. */
export function StateCounts(props: Props) {
  return (
    <>
      <StateCount {...props} state="failed" />
      <StateCount {...props} state="running" />
    </>
  );
}

function StateCount({ deployment, chosen, onChoose, state }: Props & { state: DagRunState }) {
  const { data: n } = useDagCount(deployment, state);
  if (!n && chosen !== state) return null;
  const pressed = chosen === state;
  return (
    <button
      type="button"
      aria-pressed={pressed}
      data-tip={pressed ? 'Show all dags' : `Show only the dags whose last run is ${state}`}
      onClick={() => onChoose(pressed ? '' : state)}
      className="inline-flex h-8 items-center gap-1.5 rounded-md border border-transparent px-2 hover:bg-sunk aria-pressed:border-brass aria-pressed:bg-brass-soft"
    >
      <StateMark state={state} />
      <span className="font-semibold">{n?.toLocaleString('en')}</span>
      {stateLabel(state).toLowerCase()}
    </button>
  );
}
