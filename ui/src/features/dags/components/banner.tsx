import { useState, type ReactNode } from 'react';
import { Icon } from '~/components/icons';

const TONES = {
  danger: { box: 'border-danger/50 bg-danger-soft', icon: 'text-danger' },
  brass: { box: 'border-brass/40 bg-brass-soft', icon: 'text-brass' },
};

interface BannerProps {
  tone: keyof typeof TONES;
  /** What it is about, for those who do not see it. */
  label: string;
  title: string;
  /** What it means, where there is room. */
  aside: string;
  /** What is shown once it is opened. */
  children: ReactNode;
}

/** Says above a list that something is wrong, and opens to say what. */
export function Banner({ tone, label, title, aside, children }: BannerProps) {
  const [open, setOpen] = useState(false);
  const { box, icon } = TONES[tone];
  return (
    <section aria-label={label} className={`mx-3 mb-3 rounded-lg border sm:mx-5 ${box}`}>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 px-3 py-2 text-left"
      >
        <Icon name="warning" className={`shrink-0 ${icon}`} />
        <span className="font-medium">{title}</span>
        <span className="hidden text-muted sm:inline">{aside}</span>
        <Icon name={open ? 'chevron' : 'right'} className="ml-auto shrink-0 text-muted" />
      </button>
      {open && children}
    </section>
  );
}

/** What a banner lists, and how many more there are. */
export function BannerList({ children, more }: { children: ReactNode; more?: string }) {
  return (
    <ul className="max-h-[50vh] divide-y divide-line overflow-y-auto border-t border-line">
      {children}
      {more && <li className="px-3 py-2 text-muted">{more}</li>}
    </ul>
  );
}
