import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';

export type Crumb = { label: string; to: string };

type Props = {
  title: string;
  mark?: ReactNode;
  crumbs?: Crumb[];
  actions?: ReactNode;
  children?: ReactNode;
};

/** The top of a page: where it is, what it is, what can be done. */
export function PageHead({ title, mark, crumbs = [], actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Orrery`;
  }, [title]);
  return (
    <div className="px-3 pt-4 pb-3 sm:px-5">
      {crumbs.length > 0 && (
        <nav aria-label="Breadcrumb" className="mb-0.5">
          <ol className="flex flex-wrap text-muted">
            {crumbs.map(({ label, to }) => (
              <li
                key={to}
                className="min-w-0 after:mx-1.5 after:content-['/'] last:after:content-none"
              >
                <Link to={to} className="link break-all">
                  {label}
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="flex min-w-0 flex-[1_1_14rem] items-center gap-3">
          {mark}
          <h1 className="min-w-0 text-lg font-semibold tracking-tight wrap-anywhere sm:text-xl">
            {title}
          </h1>
        </div>
        {actions && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
