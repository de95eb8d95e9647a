import { lazy } from 'react';
import { Navigate, Route, Routes, useParams } from 'react-router';
import { paths } from './paths';
import { Shell } from './shell';
import { NotFound } from './not-found';

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
        <Route path="dags" element={<DagsPage />} />
        <Route path="dags/:dag" element={<DagPage />} />
        <Route path="dags/:dag/runs/:run" element={<RunPage />} />
        <Route path="dags/:dag/runs/:run/tasks/:task/:mapIndex?" element={<TaskPage />} />
        <Route path="*" element={<NotFound />} />
      </Route>
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

function ToDags() {
  const { deployment = 'default' } = useParams();
  return <Navigate to={paths.dags(deployment)} replace />;
}
