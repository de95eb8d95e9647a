// What the made-up deployment finds odd.
import type { DagWarning } from '~/api/types';

export const warningsOf = (dag: string): DagWarning[] => [
  {
    dag_id: dag,
    dag_display_name: dag,
    warning_type: 'runtime varying value',
    message: 'Line 7: `datetime.now()` gives another dag at each parse.',
    timestamp: new Date(Date.now() - 60_000).toISOString(),
  },
];
