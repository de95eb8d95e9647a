import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import type { Setup } from '~/api/types';
import { complain } from '~/components/toast';

const POLL_MS = 1000;

/** How far the server is with the runtime that it prepares by itself; most prepare none. */
export function useSetup(deployment: string) {
  return useQuery({
    queryKey: keys.setup(deployment),
    queryFn: ({ signal }): Promise<Setup> =>
      expectData(api(deployment).GET('/api/v2/orrery/setup', { signal })),
    refetchInterval: ({ state }) => (state.data?.state === 'preparing' ? POLL_MS : false),
    staleTime: Infinity,
  });
}

export function useSetupAction(deployment: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (verb: 'cancel' | 'retry') =>
      expectData(
        verb === 'cancel'
          ? api(deployment).POST('/api/v2/orrery/setup/cancel')
          : api(deployment).POST('/api/v2/orrery/setup/retry'),
      ),
    onSuccess: (setup) => client.setQueryData(keys.setup(deployment), setup),
    onError: (error, verb) =>
      complain(`The preparation could not be ${verb === 'cancel' ? 'stopped' : 'started'}`, error),
  });
}
