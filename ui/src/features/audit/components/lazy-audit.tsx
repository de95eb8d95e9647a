import { Suspense, lazy, type ComponentProps } from 'react';
import { Loading } from '~/components/empty';

const Log = lazy(() => import('./audit-log').then(({ AuditLog }) => ({ default: AuditLog })));

/** The audit log, fetched when somebody looks at its tab. */
export function AuditLog(props: ComponentProps<typeof Log>) {
  return (
    <Suspense fallback={<Loading />}>
      <Log {...props} />
    </Suspense>
  );
}
