import { useNavigate } from 'react-router';
import { paths } from '~/app/paths';
import { Button } from '~/components/button';
import { Dialog } from '~/components/dialog';
import { Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { say } from '~/components/toast';
import { useDag } from '~/features/dags/hooks/dags';
import { useTrigger } from '../hooks/runs';
import { TriggerForm } from './trigger-form';

type Props = { deployment: string; dagId: string; onClose: () => void };

const FORM = 'trigger-form';

export function TriggerDialog({ deployment, dagId, onClose }: Props) {
  const dag = useDag(deployment, dagId);
  const trigger = useTrigger(deployment, dagId);
  const navigate = useNavigate();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Trigger ${dagId}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="solid"
            icon="play"
            type="submit"
            form={FORM}
            disabled={!dag.data || trigger.isPending}
          >
            {trigger.isPending ? 'Triggering…' : 'Trigger'}
          </Button>
        </>
      }
    >
      {dag.error && <ProblemPanel what="The dag could not be loaded." error={dag.error} />}
      {dag.isPending && <Loading label="Loading the dag" />}
      {trigger.error && <ProblemPanel what="No run was triggered." error={trigger.error} />}
      {dag.data && (
        <TriggerForm
          id={FORM}
          dag={dag.data}
          onSubmit={(body, unpause) =>
            trigger.mutate(
              { body, unpause },
              {
                onSuccess: (run) => {
                  say(`Triggered ${run.dag_run_id}.`);
                  onClose();
                  void navigate(paths.run(deployment, dagId, run.dag_run_id));
                },
              },
            )
          }
        />
      )}
    </Dialog>
  );
}
