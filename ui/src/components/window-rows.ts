import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';

/** The rows of a long list that scrolls with the page. */
export function useWindowRows(total: number, rowHeight: number) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // What is above the list may grow or shrink at any render.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const next = list.current ? list.current.getBoundingClientRect().top + window.scrollY : 0;
    if (Math.abs(next - top) > 1) setTop(next);
  });
  const virtual = useWindowVirtualizer({
    count: total,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: top,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);
  const rows = virtual.getVirtualItems();
  const visible: [number, number] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0];
  return {
    list,
    visible,
    height: virtual.getTotalSize(),
    rows: rows.map(({ index, start }) => ({ index, y: start - top })),
  };
}
