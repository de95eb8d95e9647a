import type { SVGProps } from 'react';

const PATHS = {
  play: 'M5 3.2v9.6l8-4.8z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
  close: 'm4 4 8 8m0-8-8 8',
  chevron: 'm4 6 4 4 4-4',
  right: 'm6 4 4 4-4 4',
  redo: 'M13 3v3.5H9.5M12.7 6.5A5.2 5.2 0 1 0 13 9.6',
  warning: 'M8 2.2 14.4 13.4H1.6L8 2.2Zm0 4.3v3.2m0 1.7v.2',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
  download: 'M8 2v8m-3.2-3L8 10.2 11.2 7M2.5 13.5h11',
  wrap: 'M2 3.5h12M2 8h9.5a2.2 2.2 0 0 1 0 4.5H8m1.8-2L7.8 12.5l2 2M2 12.5h3',
  follow: 'M8 2v9m-3.5-3.5L8 11l3.5-3.5M3 14h10',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13',
  moon: 'M13.2 9.8A5.7 5.7 0 0 1 6.2 2.8a5.7 5.7 0 1 0 7 7Z',
  screen: 'M2 3h12v8H2zM5.5 13.5h5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: the button around it carries the name. */
export function Icon({ name, ...rest }: { name: IconName } & SVGProps<SVGSVGElement>) {
  const solid = name === 'play';
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill={solid ? 'currentColor' : 'none'}
      stroke={solid ? 'none' : 'currentColor'}
      strokeWidth={name === 'more' ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
