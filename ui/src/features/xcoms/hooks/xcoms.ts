import { useQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';

type Place = { dag: string; run: string; task: string; mapIndex: number };

const SHOWN = 100;

export function useXComs(deployment: string, place: Place) {
  const { dag, run, task, mapIndex } = place;
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'task', task, mapIndex, 'xcoms'],
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET(
          '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries',
          {
            params: {
              path: { dag_id: dag, dag_run_id: run, task_id: task },
              query: { map_index: mapIndex, limit: SHOWN },
            },
            signal,
          },
        ),
      ),
  });
}

export function useXCom(deployment: string, place: Place, key: string) {
  const { dag, run, task, mapIndex } = place;
  return useQuery({
    queryKey: [...keys.run(deployment, dag, run), 'task', task, mapIndex, 'xcom', key],
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET(
          '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}',
          {
            params: {
              path: { dag_id: dag, dag_run_id: run, task_id: task, xcom_key: key },
              query: { map_index: mapIndex },
            },
            signal,
          },
        ),
      ),
  });
}
