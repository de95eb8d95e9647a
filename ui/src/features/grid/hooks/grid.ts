import { useInfiniteQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import type { Grid } from '~/api/types';

const RUNS_PER_PAGE = 25;

/** The runs of a dag and the state of each task in them, newest first, older ones on demand. */
export function useGrid(deployment: string, dag: string) {
  return useInfiniteQuery({
    queryKey: [...keys.dag(deployment, dag), 'grid'],
    initialPageParam: null as string | null,
    getNextPageParam: (page: Grid) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      expectData(
        api(deployment).GET('/api/v2/orrery/dags/{dag_id}/grid', {
          params: {
            path: { dag_id: dag },
            query: { limit: RUNS_PER_PAGE, before: pageParam ?? undefined },
          },
          signal,
        }),
      ),
  });
}
