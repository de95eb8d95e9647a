import { lazy } from 'react';
import { Navigate, Route, Routes, useLocation, useParams } from 'react-router';
import { paths } from './paths';
import { Shell } from './shell';
import { NotFound } from './not-found';

const AuditPage = lazy(() => import('~/features/audit/audit-page'));
const DagsPage = lazy(() => import('~/features/dags/dags-page'));
const DagPage = lazy(() => import('~/features/dags/dag-page'));
const RunPage = lazy(() => import('~/features/runs/run-page'));
const TaskPage = lazy(() => import('~/features/tasks/task-page'));

export function Pages() {
  return (
    <Routes>
      <Route path="/" element={<Navigate to={paths.dags('default')} replace />} />
      <Route path="/d/:deployment" element={<Shell />}>
        <Route index element={<ToDags />} />
        <Route path="audit" element={<AuditPage />} />
        <Route path="dags" element={<DagsPage />} />
        <Route path="dags/:dag" element={<DagPage />} />
        <Route path="dags/:dag/runs/:run" element={<RunPage />} />
        <Route path="dags/:dag/runs/:run/tasks/:task/:mapIndex?" element={<TaskPage />} />
        <Route path="*" element={<NotFound />} />
      </Route>
      <Route path="/dags/*" element={<FromAirflow />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

/** Addresses of Airflow's own UI, which people have in bookmarks and mails. */
function FromAirflow() {
  const { pathname, search } = useLocation();
  const dags = paths.dags('default');
  const rest = pathname.slice('/dags'.length).replace(/\/mapped\/(\d+)$/, '/$1');
  return <Navigate to={`${dags}${rest}${search}`} replace />;
}

function ToDags() {
  const { deployment = 'default' } = useParams();
  return <Navigate to={paths.dags(deployment)} replace />;
}
