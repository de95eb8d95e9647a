import { useState, type ReactNode } from 'react';
import type { TaskInstance } from '~/api/types';
import { Icon } from '~/components/icons';
import { Menu } from '~/components/menu';
import { StateMark, stateLabel } from '~/components/state';
import { useMarkTask } from '../hooks/tasks';
import { ClearDialog } from './clear-dialog';

type Props = { deployment: string; task: TaskInstance; trigger: ReactNode };

export function TaskActions({ deployment, task, trigger }: Props) {
  const [clearing, setClearing] = useState(false);
  const mark = useMarkTask(deployment, {
    dag: task.dag_id,
    run: task.dag_run_id,
    task: task.task_id,
    mapIndex: task.map_index,
  });
  return (
    <>
      <Menu
        label={`Actions for ${task.task_id}`}
        trigger={trigger}
        items={[
          { label: 'Clear…', mark: <Icon name="redo" />, onSelect: () => setClearing(true) },
          ...(['success', 'failed', 'skipped'] as const).map((state) => ({
            label: `Mark ${stateLabel(state).toLowerCase()}`,
            mark: <StateMark state={state} size={16} />,
            onSelect: () => mark.mutate(state),
          })),
        ]}
      />
      {clearing && (
        <ClearDialog
          deployment={deployment}
          dag={task.dag_id}
          run={task.dag_run_id}
          task={{ id: task.task_id, mapIndex: task.map_index }}
          onClose={() => setClearing(false)}
        />
      )}
    </>
  );
}
