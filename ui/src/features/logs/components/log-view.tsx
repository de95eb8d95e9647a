import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button } from '~/components/button';
import { ProblemPanel } from '~/components/problem';
import { useStored } from '~/components/stored';
import { useTail, type TailPlace } from '../hooks/tail';
import { filterLines, LINES_KEPT, type Level } from '../lib/buffer';
import { LogRow } from './log-row';
import { LogToolbar } from './log-toolbar';

type Props = { deployment: string; place: TailPlace; tryNumber: number };

const LINE_PX = 20;
const AT_END_PX = 24;

export function LogView({ deployment, place, tryNumber }: Props) {
  const tail = useTail(deployment, place, tryNumber);
  const { lines, dropped, status, problem } = tail;
  const [search, setSearch] = useState('');
  const [level, setLevel] = useState<Level>('debug');
  const [wrap, setWrap] = useStored<'on' | 'off'>('orrery.log.wrap', 'on');
  const [follow, setFollow] = useState(true);
  const scroller = useRef<HTMLDivElement>(null);

  const wanted = useDeferredValue(search);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const shown = useMemo(
    () => filterLines({ lines, dropped }, wanted, level, open),
    [lines, dropped, wanted, level, open],
  );
  const fold = useCallback((number: number) => {
    setOpen((now) => {
      const next = new Set(now);
      if (!next.delete(number)) next.add(number);
      return next;
    });
  }, []);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => shown[index]!.number,
    overscan: 20,
  });
  const height = virtual.getTotalSize();
  const last = shown.at(-1)?.number;
  useLayoutEffect(() => {
    if (follow && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [follow, last, height]);

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    if (box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX) setFollow(true);
  };
  // Only the reader's own movement lets go; the list moves itself while it grows.
  const onWheel = (event: React.WheelEvent) => event.deltaY < 0 && setFollow(false);
  const onKey = (event: React.KeyboardEvent) => {
    if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) setFollow(false);
  };

  return (
    <section aria-label={`Log of try ${tryNumber}`} className="flex min-h-0 flex-1 flex-col gap-2">
      <LogToolbar
        deployment={deployment}
        place={place}
        tryNumber={tryNumber}
        status={status}
        counts={{ shown: shown.length, all: dropped + lines.length }}
        search={search}
        onSearch={setSearch}
        level={level}
        onLevel={setLevel}
        wrap={wrap === 'on'}
        onWrap={(on) => setWrap(on ? 'on' : 'off')}
        follow={follow}
        onFollow={setFollow}
      />
      {problem && (
        <ProblemPanel what="The log cannot be read." error={problem} isShown={lines.length > 0} />
      )}
      {dropped > 0 && (
        <p className="text-muted">
          Only the last {LINES_KEPT.toLocaleString('en')} lines are kept on this page;{' '}
          {dropped.toLocaleString('en')} earlier ones are in the download.
        </p>
      )}
      {/* It scrolls, so it takes the keys and the wheel that scroll it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label="Lines"
        tabIndex={0}
        onScroll={onScroll}
        onWheel={onWheel}
        onPointerDown={() => setFollow(false)}
        onKeyDown={onKey}
        className="panel h-[max(20rem,calc(100dvh-19rem))] overflow-auto overscroll-contain py-1 font-mono text-xs leading-5"
      >
        <div className="relative" style={{ height, minWidth: wrap === 'on' ? 0 : 'max-content' }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              style={{ transform: `translateY(${start}px)` }}
              className={wrap === 'on' ? 'absolute inset-x-0 top-0' : 'absolute top-0 min-w-full'}
            >
              <LogRow item={shown[index]!} wrap={wrap === 'on'} search={wanted} onFold={fold} />
            </div>
          ))}
        </div>
        {shown.length === 0 && <Nothing status={status} filtered={lines.length > 0} />}
      </div>
      {!follow && status === 'tailing' && (
        <Button className="self-center" icon="follow" onClick={() => setFollow(true)}>
          Follow the log
        </Button>
      )}
    </section>
  );
}

function Nothing({ status, filtered }: { status: string; filtered: boolean }) {
  const words = filtered
    ? 'No line matches.'
    : status === 'ended'
      ? 'This try wrote nothing.'
      : status === 'tailing'
        ? 'Nothing is written yet. Lines appear as they are.'
        : 'Opening the log…';
  return <p className="px-3 py-6 text-center font-sans text-muted">{words}</p>;
}
