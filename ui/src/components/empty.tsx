import type { ReactNode } from 'react';
import { Logo } from './logo';

type Props = { title: string; children?: ReactNode; action?: ReactNode; heading?: 'h1' | 'h2' };

export function Empty({ title, children, action, heading: Heading = 'h2' }: Props) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-14 text-center text-muted">
      <Logo size={44} />
      <Heading className="mt-4 text-lg font-semibold text-ink">{title}</Heading>
      {children && <div className="mt-1 text-pretty">{children}</div>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}

export function Loading({ label = 'Loading' }: { label?: string }) {
  return (
    <div role="status" className="p-6 text-center text-muted">
      {label}…
    </div>
  );
}
