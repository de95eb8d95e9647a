import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import { usePaged } from '~/api/paged';
import type { DagRun, DagRunState, TriggerBody } from '~/api/types';
import { complain, say } from '~/components/toast';

const PAGE_SIZE = 50;

export function useRunPages(
  deployment: string,
  dag: string,
  state: string,
  visible: [number, number],
) {
  return usePaged<DagRun>({
    queryKey: [...keys.dag(deployment, dag), 'runs', state],
    pageSize: PAGE_SIZE,
    visible,
    fetchPage: async (offset, signal) => {
      const answer = await expectData(
        api(deployment).GET('/api/v2/dags/{dag_id}/dagRuns', {
          params: {
            path: { dag_id: dag },
            query: {
              limit: PAGE_SIZE,
              offset,
              order_by: ['-run_after'],
              state: state ? [state] : undefined,
            },
          },
          signal,
        }),
      );
      return { items: answer.dag_runs, total: answer.total_entries ?? answer.dag_runs.length };
    },
  });
}

export function useRun(deployment: string, dag: string, run: string) {
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'self'],
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET('/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}', {
          params: { path: { dag_id: dag, dag_run_id: run } },
          signal,
        }),
      ),
  });
}

/** What a change of a run makes stale, at once: the events that follow may take a moment. */
export function useRunStale(deployment: string, dag: string) {
  const client = useQueryClient();
  return (run: string) =>
    Promise.all(
      [keys.run(deployment, dag, run), keys.dag(deployment, dag), keys.dags(deployment)].map(
        (queryKey) => client.invalidateQueries({ queryKey }),
      ),
    );
}

export function useMarkRun(deployment: string, dag: string, run: string) {
  const stale = useRunStale(deployment, dag);
  return useMutation({
    mutationFn: (state: Exclude<DagRunState, 'running'>) =>
      expectData(
        api(deployment).PATCH('/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}', {
          params: { path: { dag_id: dag, dag_run_id: run } },
          body: { state },
        }),
      ),
    onSuccess: (_, state) => say(`The run was marked ${state}.`),
    onError: (error) => complain('The run was not changed', error),
    onSettled: () => stale(run),
  });
}

type Trigger = { body: TriggerBody; unpause: boolean };

export function useTrigger(deployment: string, dag: string) {
  const stale = useRunStale(deployment, dag);
  return useMutation({
    mutationFn: async ({ body, unpause }: Trigger) => {
      const path = { dag_id: dag };
      const run = await expectData(
        api(deployment).POST('/api/v2/dags/{dag_id}/dagRuns', { params: { path }, body }),
      );
      if (unpause) {
        const paused = { params: { path }, body: { is_paused: false } };
        await expectData(api(deployment).PATCH('/api/v2/dags/{dag_id}', paused)).catch(
          (error: unknown) => complain(`${dag} stays paused`, error),
        );
      }
      return run;
    },
    onSuccess: (run) => stale(run.dag_run_id),
  });
}
