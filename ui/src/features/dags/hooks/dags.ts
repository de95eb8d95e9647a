import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import { usePaged } from '~/api/paged';
import type { Dag, DagRunState, ImportError } from '~/api/types';
import { complain } from '~/components/toast';

export type Filters = { search: string; paused: boolean | null; state: string; tag: string };
type DagPage = { items: Dag[]; total: number; importErrors: number };

const PAGE_SIZE = 50;
const IMPORT_ERRORS_SHOWN = 100;
const VERSIONS_SHOWN = 100;
const WARNINGS_SHOWN = 100;

export function useDagList(deployment: string, filters: Filters, visible: [number, number]) {
  const { search, paused, state, tag } = filters;
  const paged = usePaged<Dag>({
    queryKey: [...keys.dags(deployment), 'list', filters],
    pageSize: PAGE_SIZE,
    visible,
    fetchPage: async (offset, signal): Promise<DagPage> => {
      const query = {
        limit: PAGE_SIZE,
        offset,
        search: search || undefined,
        paused: paused ?? undefined,
        state: (state || undefined) as DagRunState | undefined,
        tag: tag || undefined,
      };
      const page = await expectData(
        api(deployment).GET('/api/v2/orrery/dags', { params: { query }, signal }),
      );
      return { items: page.dags, total: page.total_entries, importErrors: page.import_errors };
    },
  });
  const importErrors = (paged.head as DagPage | undefined)?.importErrors ?? 0;
  return { ...paged, importErrors };
}

/** How many dags there are whose last run is in this state. */
export function useDagCount(deployment: string, state: DagRunState) {
  return useQuery({
    queryKey: [...keys.dags(deployment), 'count', state],
    queryFn: async ({ signal }) => {
      const params = { query: { limit: 1, state } };
      return expectData(api(deployment).GET('/api/v2/orrery/dags', { params, signal }));
    },
    select: ({ total_entries }) => total_entries,
  });
}

export function useDagTags(deployment: string) {
  return useQuery({
    queryKey: [...keys.dags(deployment), 'tags'],
    queryFn: async ({ signal }) => {
      const params = { query: { limit: 100 } };
      const { tags } = await expectData(api(deployment).GET('/api/v2/dagTags', { params, signal }));
      return tags;
    },
  });
}

export function useDag(deployment: string, dag: string) {
  return useQuery({
    queryKey: [...keys.dag(deployment, dag), 'details'],
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET('/api/v2/dags/{dag_id}/details', {
          params: { path: { dag_id: dag } },
          signal,
        }),
      ),
  });
}

/** The newest version where none is named. */
export function useDagSource(deployment: string, dag: string, version: number | null) {
  return useQuery({
    queryKey: [...keys.dag(deployment, dag), 'source', version],
    queryFn: ({ signal }) =>
      expectData(
        api(deployment).GET('/api/v2/dagSources/{dag_id}', {
          params: { path: { dag_id: dag }, query: { version_number: version ?? undefined } },
          headers: { Accept: 'application/json' },
          signal,
        }),
      ),
  });
}

/** Newest first. */
export function useDagVersions(deployment: string, dag: string) {
  return useQuery({
    queryKey: [...keys.dag(deployment, dag), 'versions'],
    queryFn: async ({ signal }) => {
      const params = {
        path: { dag_id: dag },
        query: { limit: VERSIONS_SHOWN, order_by: ['-version_number'] },
      };
      const { dag_versions } = await expectData(
        api(deployment).GET('/api/v2/dags/{dag_id}/dagVersions', { params, signal }),
      );
      return dag_versions;
    },
  });
}

export function useImportErrors(deployment: string, enabled = true) {
  return useQuery({
    queryKey: keys.importErrors(deployment),
    enabled,
    queryFn: async ({ signal }) => {
      const params = { query: { limit: IMPORT_ERRORS_SHOWN } };
      const answer = await expectData(
        api(deployment).GET('/api/v2/importErrors', { params, signal }),
      );
      return { errors: answer.import_errors as ImportError[], total: answer.total_entries };
    },
  });
}

export function useDagWarnings(deployment: string) {
  return useQuery({
    queryKey: keys.dagWarnings(deployment),
    queryFn: async ({ signal }) => {
      const params = { query: { limit: WARNINGS_SHOWN } };
      const answer = await expectData(
        api(deployment).GET('/api/v2/dagWarnings', { params, signal }),
      );
      return { warnings: answer.dag_warnings, total: answer.total_entries };
    },
  });
}

/** Pausing shows at once; if it is refused, the switch goes back and says why. */
export function usePause(deployment: string, dag: string) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (is_paused: boolean) =>
      expectData(
        api(deployment).PATCH('/api/v2/dags/{dag_id}', {
          params: { path: { dag_id: dag } },
          body: { is_paused },
        }),
      ),
    onError: (error, paused) => complain(`${dag} was not ${paused ? 'paused' : 'unpaused'}`, error),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.dags(deployment) }),
        client.invalidateQueries({ queryKey: keys.dag(deployment, dag) }),
      ]),
  });
  return { set: mutation.mutate, wanted: mutation.isPending ? mutation.variables : null };
}
