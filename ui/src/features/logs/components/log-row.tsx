import { memo } from 'react';
import { useZone } from '~/components/zone';
import { fieldsOf, rank, type Shown } from '../lib/buffer';
import { plain } from '../lib/plain';
import { traceOf } from '../lib/trace';

type Props = { item: Shown; wrap: boolean; search: string; onFold: (number: number) => void };

const LOOKS = ['text-muted', 'text-ink', 'text-brass', 'text-danger', 'text-danger font-semibold'];

export const LogRow = memo(function LogRow({ item, wrap, search, onFold }: Props) {
  const { zone } = useZone();
  const { line, number, group } = item;
  const at = line.timestamp ? clock(line.timestamp, zone === 'utc') : '';
  const level = rank(line.level);
  const fields = fieldsOf(line);
  const trace = traceOf(line);
  return (
    <div
      className={`flex gap-3 px-3 hover:bg-sunk ${level >= 3 ? 'bg-danger-soft' : ''} ${wrap ? '' : 'w-max min-w-full'}`}
    >
      <span className="min-w-10 shrink-0 text-right text-muted select-none">{number}</span>
      <time dateTime={line.timestamp} className="hidden shrink-0 text-muted sm:inline">
        {at}
      </time>
      <span className={`hidden w-16 shrink-0 uppercase sm:inline ${LOOKS[level]}`}>
        {line.level ?? ''}
      </span>
      <span
        className={`min-w-0 flex-1 ${wrap ? 'break-words whitespace-pre-wrap' : 'whitespace-pre'}`}
      >
        {group ? (
          <button
            type="button"
            aria-expanded={group.isOpen}
            className="font-semibold hover:underline"
            onClick={() => onFold(number)}
          >
            <span aria-hidden="true">{group.isOpen ? '▾' : '▸'} </span>
            {group.title} <span className="font-normal text-muted">{group.lines}</span>
          </button>
        ) : (
          <span className={level === 1 ? '' : LOOKS[level]}>
            <Found text={plain(line.event)} search={search} />
          </span>
        )}
        {fields && <span className="text-muted"> {<Found text={fields} search={search} />}</span>}
        {trace && (
          <span className="my-1 block border-l-2 border-danger/60 pl-3 whitespace-pre-wrap text-danger">
            <Found text={trace} search={search} />
          </span>
        )}
      </span>
    </div>
  );
});

function clock(at: string, utc: boolean): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const iso = utc
    ? date.toISOString()
    : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return iso.slice(11, 23);
}

/** The text, with what was searched for marked. */
function Found({ text, search }: { text: string; search: string }) {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return text;
  const low = text.toLowerCase();
  const pieces = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    pieces.push(text.slice(from, at));
    pieces.push(
      <mark key={at} className="rounded-[2px] bg-brass text-page">
        {text.slice(at, at + wanted.length)}
      </mark>,
    );
    from = at + wanted.length;
  }
  return [...pieces, text.slice(from)];
}
