type Props = { from: number | null; to: number; now: number; still?: boolean };

const R = 6;

/** How far the time between two runs has gone round: the planet is at the top when it is due. */
export function Orbit({ from, to, now, still = false }: Props) {
  const span = from !== null && to > from ? to - from : null;
  const part = span === null ? 0 : Math.max(0, Math.min(1, 1 - (to - now) / span));
  const angle = part * 2 * Math.PI - Math.PI / 2;
  const length = 2 * Math.PI * R;
  return (
    <svg
      viewBox="0 0 18 18"
      width="18"
      height="18"
      fill="none"
      aria-hidden="true"
      className="shrink-0"
    >
      <circle cx="9" cy="9" r={R} stroke="var(--c-line-strong)" strokeOpacity=".55" />
      {!still && (
        <>
          <circle
            cx="9"
            cy="9"
            r={R}
            stroke="var(--c-brass)"
            strokeWidth="1.5"
            strokeDasharray={`${part * length} ${length}`}
            transform="rotate(-90 9 9)"
          />
          <circle
            cx={9 + R * Math.cos(angle)}
            cy={9 + R * Math.sin(angle)}
            r="2.4"
            fill="var(--c-brass)"
          />
        </>
      )}
    </svg>
  );
}
