import { useQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';

/** Why a run, and each of its tasks that waits, does. */
export function useRunReasons(deployment: string, dag: string, run: string, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'reasons'],
    enabled,
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET('/api/v2/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/reasons', {
          params: { path: { dag_id: dag, dag_run_id: run } },
          signal,
        }),
      ),
  });
}

type Task = { dag: string; run: string; task: string; mapIndex: number };

export function useTaskReasons(deployment: string, place: Task, enabled: boolean) {
  const { dag, run, task, mapIndex } = place;
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'task', task, mapIndex, 'reasons'],
    enabled,
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET(
          '/api/v2/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/reasons',
          {
            params: {
              path: { dag_id: dag, dag_run_id: run, task_id: task, map_index: mapIndex },
            },
            signal,
          },
        ),
      ),
  });
}
