import type { KeyboardEvent } from 'react';

const STEPS: Record<string, [row: number, column: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
};

/** Arrow keys go from cell to cell, over holes; the grid itself is one stop of the tab key. */
export function moveInGrid(event: KeyboardEvent<HTMLElement>) {
  const step = STEPS[event.key];
  const from = (event.target as HTMLElement).closest<HTMLElement>('[data-cell]');
  if (!step || !from) return;
  const [row, column] = from.dataset.cell!.split(':').map(Number) as [number, number];
  event.preventDefault();
  for (let n = 1; n <= 40; n++) {
    const at = `${row + step[0] * n}:${column + step[1] * n}`;
    const next = event.currentTarget.querySelector<HTMLElement>(`[data-cell="${at}"]`);
    if (!next) continue;
    next.focus();
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    return;
  }
}
