import { usePlace } from '~/app/params';
import { PageHead } from '~/app/page';
import { AuditLog } from './components/audit-log';

export default function AuditPage() {
  const { deployment } = usePlace();
  return (
    <>
      <PageHead title="Audit log">
        <p className="mt-1 text-muted">
          Who asked for what, and what the scheduler did by itself. When a try began and how it
          ended is on the page of its task instance.
        </p>
      </PageHead>
      <div className="px-3 pb-5 sm:px-5">
        <AuditLog deployment={deployment} />
      </div>
    </>
  );
}
