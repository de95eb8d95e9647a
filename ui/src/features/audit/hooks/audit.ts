import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, expectData } from '~/api/client';
import { keys } from '~/api/keys';
import { queryOf, type AuditFilters, type AuditOf } from '../lib/filters';

/** One page of the audit log, the newest entry first. */
export function useAudit(deployment: string, filters: AuditFilters, of: AuditOf, page: number) {
  const query = queryOf(filters, of, page);
  return useQuery({
    // Below the dags: most of what is asked for changes one of them.
    queryKey: [...keys.dags(deployment), 'audit', query],
    queryFn: ({ signal }) =>
      expectData(api(deployment).GET('/api/v2/eventLogs', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}
