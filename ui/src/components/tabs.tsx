import { Link, useSearchParams } from 'react-router';

export type Tab = { id: string; label: string };

/** Tabs that are addresses, so that a tab can be sent to somebody. The first is the default. */
export function useTab(tabs: Tab[]): string {
  const [search] = useSearchParams();
  const wanted = search.get('tab');
  return tabs.some(({ id }) => id === wanted) ? wanted! : tabs[0]!.id;
}

export function TabLinks({ tabs, label }: { tabs: Tab[]; label: string }) {
  const [search] = useSearchParams();
  const current = useTab(tabs);
  const to = (id: string) => {
    const next = new URLSearchParams(search);
    if (id === tabs[0]!.id) next.delete('tab');
    else next.set('tab', id);
    return `?${next}`;
  };
  return (
    <nav aria-label={label} className="flex gap-5 overflow-x-auto border-b border-line px-1">
      {tabs.map(({ id, label: text }) => (
        <Link
          key={id}
          to={to(id)}
          replace
          aria-current={id === current ? 'page' : undefined}
          className="-mb-px border-b-2 border-transparent py-2 font-medium whitespace-nowrap text-muted hover:text-ink aria-[current]:border-brass aria-[current]:text-ink"
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
