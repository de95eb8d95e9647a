import { buttonClass, IconButton } from '~/components/button';
import { Icon } from '~/components/icons';
import { downloadUrl, type TailPlace, type TailStatus } from '../hooks/tail';
import { LEVELS, type Level } from '../lib/buffer';

type Props = {
  deployment: string;
  place: TailPlace;
  tryNumber: number;
  status: TailStatus;
  counts: { shown: number; all: number };
  search: string;
  onSearch: (text: string) => void;
  level: Level;
  onLevel: (level: Level) => void;
  wrap: boolean;
  onWrap: (on: boolean) => void;
  follow: boolean;
  onFollow: (on: boolean) => void;
};

const STATUS: Record<TailStatus, string> = {
  connecting: 'Opening…',
  tailing: 'Live',
  ended: 'Complete',
  reconnecting: 'Reconnecting…',
};
const PRESSED = 'aria-pressed:bg-brass-soft aria-pressed:text-brass';

export function LogToolbar({ deployment, place, tryNumber, status, counts, ...rest }: Props) {
  const { dag, run, task, mapIndex } = place;
  const file = [dag, run, task, ...(mapIndex < 0 ? [] : [mapIndex]), `try${tryNumber}.log.json`];
  const { shown, all } = counts;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <input
        type="search"
        aria-label="Search the log"
        placeholder="Search the log"
        value={rest.search}
        onChange={(event) => rest.onSearch(event.target.value)}
        className="field min-w-32 flex-1 sm:max-w-72"
      />
      <select
        aria-label="Least level"
        className="field"
        value={rest.level}
        onChange={(event) => rest.onLevel(event.target.value as Level)}
      >
        {LEVELS.map((level) => (
          <option key={level} value={level}>
            {level === 'debug' ? 'All levels' : level === 'error' ? 'Errors' : `${level} and up`}
          </option>
        ))}
      </select>
      <span role="status" className="flex items-center gap-1.5 text-muted">
        <span
          aria-hidden="true"
          className={`size-2 rounded-full ${status === 'tailing' ? 'breathing bg-[var(--s-success)]' : status === 'ended' ? 'bg-line-strong' : 'bg-brass'}`}
        />
        {STATUS[status]}
      </span>
      <span className="text-muted">
        {shown === all ? '' : `${shown.toLocaleString('en')} of `}
        {all.toLocaleString('en')} {all === 1 ? 'line' : 'lines'}
      </span>
      <div className="ml-auto flex items-center gap-1">
        {status !== 'ended' && (
          <IconButton
            icon="follow"
            label="Follow the end of the log"
            aria-pressed={rest.follow}
            className={PRESSED}
            onClick={() => rest.onFollow(!rest.follow)}
          />
        )}
        <IconButton
          icon="wrap"
          label="Wrap long lines"
          aria-pressed={rest.wrap}
          className={PRESSED}
          onClick={() => rest.onWrap(!rest.wrap)}
        />
        <a
          href={downloadUrl(deployment, place, tryNumber)}
          download={file.join('.')}
          aria-label="Download the whole log"
          data-tip="Download the whole log"
          className={buttonClass('ghost', 'w-8')}
        >
          <Icon name="download" />
        </a>
      </div>
    </div>
  );
}
