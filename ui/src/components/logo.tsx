/** The mark of the product. Its planets move as long as the page is live. */
export function Logo({ moving = false, size = 24 }: { moving?: boolean; size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} fill="none" aria-hidden="true">
      <circle cx="12" cy="12" r="9.5" stroke="currentColor" strokeOpacity=".45" strokeWidth="1.2" />
      <circle cx="12" cy="12" r="5.4" stroke="currentColor" strokeOpacity=".45" strokeWidth="1.2" />
      <circle cx="12" cy="12" r="2.3" fill="var(--c-brass)" />
      <g className={moving ? 'orbiting' : undefined}>
        <circle cx="18.7" cy="5.3" r="2.4" fill="currentColor" />
      </g>
      <g className={moving ? 'orbiting inner' : undefined}>
        <circle cx="8.2" cy="15.8" r="1.6" fill="currentColor" />
      </g>
    </svg>
  );
}
