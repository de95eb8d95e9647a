import { Link } from 'react-router';
import { paths } from '~/app/paths';
import type { DagWarning } from '~/api/types';
import { count } from '~/components/format';
import { Ago } from '~/components/time';
import { Words } from '~/components/words';
import { useDagWarnings } from '../hooks/dags';
import { Banner, BannerList } from './banner';

/** What is odd with dags and keeps none from running; opened, with which and why. */
export function WarningsBanner({ deployment }: { deployment: string }) {
  const { data } = useDagWarnings(deployment);
  if (!data || data.total === 0) return null;
  const more = data.total - data.warnings.length;
  return (
    <Banner
      tone="brass"
      label="Warnings"
      title={`${count(data.total, 'warning')} about dags`}
      aside="They run all the same."
    >
      <BannerList more={more > 0 ? `${count(more, 'more warning')}.` : undefined}>
        {data.warnings.map((warning) => (
          <li key={`${warning.dag_id} ${warning.warning_type} ${warning.message}`}>
            <WarningItem deployment={deployment} warning={warning} />
          </li>
        ))}
      </BannerList>
    </Banner>
  );
}

function WarningItem({ deployment, warning }: { deployment: string; warning: DagWarning }) {
  return (
    <div className="px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3">
        <Link className="link font-semibold break-all" to={paths.dag(deployment, warning.dag_id)}>
          {warning.dag_display_name}
        </Link>
        <span className="text-xs text-muted">{warning.warning_type}</span>
        <span className="ml-auto text-xs text-muted">
          <Ago at={warning.timestamp} />
        </span>
      </div>
      <p className="break-words whitespace-pre-line">
        <Words text={warning.message} />
      </p>
    </div>
  );
}
