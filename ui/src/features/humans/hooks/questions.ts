import { useMutation, useQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import type { Question } from '~/api/types';
import { say } from '~/components/toast';
import { useRunStale } from '~/features/runs/hooks/runs';

export type TaskPlace = { dag: string; run: string; task: string; mapIndex: number };
export type Answer = { chosen_options: string[]; params_input: Record<string, unknown> };

const PATH =
  '/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails';

const pathOf = ({ dag, run, task, mapIndex }: TaskPlace) => ({
  dag_id: dag,
  dag_run_id: run,
  task_id: task,
  map_index: mapIndex,
});

/** What the present try asks people; null where it asks nobody. */
export function useQuestion(deployment: string, place: TaskPlace, enabled: boolean) {
  return useQuery({
    queryKey: [
      ...keys.run(deployment, place.dag, place.run),
      'task',
      place.task,
      place.mapIndex,
      'question',
    ],
    enabled,
    queryFn: async ({ signal }) => {
      const call = api(deployment).GET(PATH, { params: { path: pathOf(place) }, signal });
      const answer = await call.catch(() => null);
      if (answer?.response.status === 404) return null;
      return (await expectData(answer ? Promise.resolve(answer) : call)) as Question;
    },
  });
}

/** What tasks of a dag wait for an answer to. */
export function useOpenQuestions(deployment: string, dag: string, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.dag(deployment, dag), 'questions'],
    enabled,
    queryFn: async ({ signal }) => {
      const answer = api(deployment).GET('/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails', {
        params: {
          path: { dag_id: dag, dag_run_id: '~' },
          query: { response_received: false, limit: 20, order_by: ['-created_at'] },
        },
        signal,
      });
      const { hitl_details, total_entries } = await expectData(answer);
      return { questions: hitl_details as Question[], total: total_entries };
    },
  });
}

export function useAnswer(deployment: string, place: TaskPlace) {
  const stale = useRunStale(deployment, place.dag);
  return useMutation({
    mutationFn: (body: Answer) =>
      expectData(
        api(deployment).PATCH(PATH, { params: { path: pathOf(place) }, body: body as never }),
      ),
    onSuccess: () => say(`${place.task} has your answer.`),
    onSettled: () => stale(place.run),
  });
}
