import { keepPreviousData, useQueries, type QueryKey } from '@tanstack/react-query';

export type Page<T> = { items: T[]; total: number };

type Options<T> = {
  queryKey: QueryKey;
  pageSize: number;
  /** The indexes on the screen, inclusive. */
  visible: [first: number, last: number];
  fetchPage: (offset: number, signal: AbortSignal) => Promise<Page<T>>;
};

/**
 * A long list of which only what is looked at is asked for. The first page always is: it knows the
 * total, and is where an operator looks for what is new.
 */
export function usePaged<T>({ queryKey, pageSize, visible, fetchPage }: Options<T>) {
  const first = Math.max(0, Math.floor(visible[0] / pageSize));
  const last = Math.max(first, Math.floor(visible[1] / pageSize));
  const wanted = [0];
  for (let page = Math.max(1, first); page <= last; page++) wanted.push(page);
  const results = useQueries({
    queries: wanted.map((page) => ({
      queryKey: [...queryKey, page],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(page * pageSize, signal),
      placeholderData: page === 0 ? keepPreviousData : undefined,
    })),
  });
  const head = results[0]!;
  const item = (index: number): T | undefined => {
    const at = wanted.indexOf(Math.floor(index / pageSize));
    return results[at]?.data?.items[index % pageSize];
  };
  return {
    item,
    head: head.data,
    total: head.data?.total ?? 0,
    isPending: head.isPending,
    isPlaceholder: head.isPlaceholderData,
    error: head.error,
    refetch: () => results.forEach((result) => void result.refetch()),
  };
}
