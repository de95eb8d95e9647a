import { Suspense } from 'react';
import { Link, NavLink, Outlet, useLocation, useParams } from 'react-router';
import { Loading } from '~/components/empty';
import { Logo } from '~/components/logo';
import { Moment } from '~/components/time';
import { SetupNotice } from '~/features/setup/setup-notice';
import { useArrival } from './arrival';
import { ErrorBoundary } from './error-boundary';
import { LiveProvider, useLive } from './live';
import { paths } from './paths';
import { Preferences } from './preferences';

export function Shell() {
  const { deployment = 'default' } = useParams();
  const { pathname } = useLocation();
  useArrival();
  return (
    <LiveProvider key={deployment} deployment={deployment}>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-solid px-3 py-2 text-on-solid focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <div className="flex min-h-dvh flex-col">
        <Header deployment={deployment} />
        <ConnectionLost />
        <SetupNotice deployment={deployment} />
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
          <ErrorBoundary key={pathname}>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
    </LiveProvider>
  );
}

function Header({ deployment }: { deployment: string }) {
  const { status } = useLive();
  return (
    <header className="flex h-12 items-center gap-1 border-b border-line bg-surface px-3 sm:px-5">
      <Link to={paths.dags(deployment)} className="flex items-center gap-2 rounded-md pr-2">
        <Logo moving={status === 'live'} />
        <span className="text-lg font-semibold tracking-tight">Orrery</span>
      </Link>
      <span className="hidden text-muted sm:inline" data-tip="Deployment">
        / {deployment}
      </span>
      <nav aria-label="Main" className="ml-3 flex self-stretch sm:ml-6">
        {[
          [paths.dags(deployment), 'Dags'] as const,
          [paths.audit(deployment), 'Audit log'] as const,
        ].map(([to, label]) => (
          <NavLink
            key={label}
            to={to}
            className="flex items-center border-b-2 border-transparent px-2 font-medium whitespace-nowrap text-muted hover:text-ink aria-[current]:border-brass aria-[current]:text-ink"
          >
            {label}
          </NavLink>
        ))}
      </nav>
      <div className="ml-auto flex items-center gap-1">
        <LiveMark />
        <Preferences />
      </div>
    </header>
  );
}

/** What is on the page is from before: say so where it cannot be missed. */
function ConnectionLost() {
  const { lostAt } = useLive();
  return (
    <div role="status" className="sticky top-0 z-20">
      {lostAt && (
        <p className="flex flex-wrap gap-x-2 border-b border-danger/50 bg-danger-soft px-3 py-2 sm:px-5">
          <strong className="text-danger">The connection to Orrery is lost.</strong>
          <span>
            What you see is from <Moment at={lostAt.toISOString()} />. This page goes on by itself
            once Orrery answers.
          </span>
        </p>
      )}
    </div>
  );
}

const LIVE = {
  connecting: ['Connecting…', 'bg-line-strong', 'Asking the server for its event stream.'],
  live: ['Live', 'bg-[var(--s-success)]', 'Changes are shown as they happen.'],
  reconnecting: [
    'Reconnecting…',
    'bg-danger breathing',
    'The event stream was lost. What you see may be out of date until it is back.',
  ],
} as const;

function LiveMark() {
  const { status, version } = useLive();
  const [label, dot, tip] = LIVE[status];
  return (
    <span
      role="status"
      data-tip={version ? `${tip}\nOrrery ${version}` : tip}
      className={`mr-1 flex items-center gap-1.5 text-xs ${status === 'reconnecting' ? 'font-semibold text-danger' : 'text-muted'}`}
    >
      <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
      {label}
    </span>
  );
}
