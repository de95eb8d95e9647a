import { useMutation, useQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import { usePaged } from '~/api/paged';
import type { ClearBody, TaskInstance, TaskState } from '~/api/types';
import { count } from '~/components/format';
import { stateLabel } from '~/components/state';
import { complain, say } from '~/components/toast';
import { useRunStale } from '~/features/runs/hooks/runs';

export const TASK_PAGE_SIZE = 100;
export type TaskFilters = { state: string; search: string; task: string };
export type TaskPlace = { dag: string; run: string; task: string; mapIndex: number };

export function useTaskPages(
  deployment: string,
  dag: string,
  run: string,
  filters: TaskFilters,
  visible: [number, number],
) {
  const { state, search, task } = filters;
  return usePaged<TaskInstance>({
    queryKey: [...keys.run(deployment, dag, run), 'tasks', filters],
    pageSize: TASK_PAGE_SIZE,
    visible,
    fetchPage: async (offset, signal) => {
      const answer = await expectData(
        api(deployment).GET('/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances', {
          params: {
            path: { dag_id: dag, dag_run_id: run },
            query: {
              limit: TASK_PAGE_SIZE,
              offset,
              state: state ? [state] : undefined,
              task_id: task || undefined,
              task_display_name_pattern: search ? `%${search}%` : undefined,
            },
          },
          signal,
        }),
      );
      const items = answer.task_instances as TaskInstance[];
      return { items, total: answer.total_entries ?? items.length };
    },
  });
}

/** Of all the run's task instances, however many there are. */
export function useTaskCounts(deployment: string, dag: string, run: string) {
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'counts'],
    queryFn: async ({ signal }) => {
      const answer = api(deployment).GET(
        '/api/v2/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/counts',
        { params: { path: { dag_id: dag, dag_run_id: run } }, signal },
      );
      return (await expectData(answer)).counts;
    },
  });
}

const pathOf = ({ dag, run, task, mapIndex }: TaskPlace) => ({
  dag_id: dag,
  dag_run_id: run,
  task_id: task,
  map_index: mapIndex,
});

export function useTask(deployment: string, place: TaskPlace) {
  return useQuery({
    queryKey: [
      ...keys.run(deployment, place.dag, place.run),
      'task',
      place.task,
      place.mapIndex,
      'self',
    ],
    queryFn: async ({ signal }) => {
      const answer = api(deployment).GET(
        '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}',
        { params: { path: pathOf(place) }, signal },
      );
      return (await expectData(answer)) as TaskInstance;
    },
  });
}

export function useTries(deployment: string, place: TaskPlace) {
  return useQuery({
    queryKey: [
      ...keys.run(deployment, place.dag, place.run),
      'task',
      place.task,
      place.mapIndex,
      'tries',
    ],
    queryFn: async ({ signal }) => {
      const answer = api(deployment).GET(
        '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries',
        { params: { path: pathOf(place) }, signal },
      );
      return (await expectData(answer)).task_instances;
    },
  });
}

export function useMarkTask(deployment: string, place: TaskPlace) {
  const stale = useRunStale(deployment, place.dag);
  return useMutation({
    mutationFn: (new_state: TaskState) =>
      expectData(
        api(deployment).PATCH(
          '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}',
          { params: { path: pathOf(place) }, body: { new_state } as never },
        ),
      ),
    onSuccess: (_, state) => say(`${place.task} was marked ${stateLabel(state).toLowerCase()}.`),
    onError: (error) => complain(`${place.task} was not changed`, error),
    onSettled: () => stale(place.run),
  });
}

export type ClearOptions = Pick<
  ClearBody,
  'only_failed' | 'include_upstream' | 'include_downstream' | 'task_ids'
>;

function clear(deployment: string, dag: string, run: string, o: ClearOptions, dry_run: boolean) {
  const body = { ...o, dry_run, dag_run_id: run, reset_dag_runs: true } as ClearBody;
  return expectData(
    api(deployment).POST('/api/v2/dags/{dag_id}/clearTaskInstances', {
      params: { path: { dag_id: dag } },
      body,
    }),
  );
}

/** What clearing would do. Asked again whenever the run changes. */
export function useClearPreview(deployment: string, dag: string, run: string, o: ClearOptions) {
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'clear', o],
    queryFn: () => clear(deployment, dag, run, o, true),
    placeholderData: (previous) => previous,
  });
}

export function useClear(deployment: string, dag: string, run: string) {
  const stale = useRunStale(deployment, dag);
  return useMutation({
    mutationFn: (options: ClearOptions) => clear(deployment, dag, run, options, false),
    onSuccess: ({ total_entries, task_instances }) =>
      say(`Cleared ${count(total_entries ?? task_instances.length, 'task instance')}.`),
    onSettled: () => stale(run),
  });
}

/** Those that the try has left; an address that a browser would run is none. */
export function useExtraLinks(deployment: string, place: TaskPlace) {
  const { dag, run, task, mapIndex } = place;
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'links', task, mapIndex],
    queryFn: async ({ signal }) => {
      const params = {
        path: { dag_id: dag, dag_run_id: run, task_id: task },
        query: { map_index: mapIndex },
      };
      const { extra_links } = await expectData(
        api(deployment).GET(
          '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links',
          { params, signal },
        ),
      );
      const links = Object.entries(extra_links).map(([name, url]) => ({ name, url: url ?? '' }));
      return links.filter(({ url }) => /^(https?:\/\/|\/(?!\/))/.test(url));
    },
  });
}
