import { useState } from 'react';
import { Button } from '~/components/button';
import { Dialog } from '~/components/dialog';
import { Loading } from '~/components/empty';
import { count } from '~/components/format';
import { ProblemPanel } from '~/components/problem';
import { StateMark } from '~/components/state';
import { useClear, useClearPreview, type ClearOptions } from '../hooks/tasks';

type Props = {
  deployment: string;
  dag: string;
  run: string;
  /** One task instance, or the whole run. */
  task?: { id: string; mapIndex: number };
  onlyFailed?: boolean;
  onClose: () => void;
};

const SHOWN = 200;

export function ClearDialog({ deployment, dag, run, task, onlyFailed = false, onClose }: Props) {
  const [onlyFailedNow, setOnlyFailed] = useState(onlyFailed);
  const [upstream, setUpstream] = useState(false);
  const [downstream, setDownstream] = useState(task !== undefined);
  const target = task && (task.mapIndex < 0 ? task.id : [task.id, task.mapIndex]);
  const options = {
    only_failed: onlyFailedNow,
    include_upstream: task !== undefined && upstream,
    include_downstream: task !== undefined && downstream,
    ...(target && { task_ids: [target] }),
  } as ClearOptions;
  const preview = useClearPreview(deployment, dag, run, options);
  const clear = useClear(deployment, dag, run);
  const n = preview.data ? (preview.data.total_entries ?? preview.data.task_instances.length) : 0;
  const what = task ? task.id + (task.mapIndex < 0 ? '' : ` [${task.mapIndex}]`) : 'this run';

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Clear ${what}`}
      description="What is cleared runs again, with new tries. Logs of earlier tries are kept."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="solid"
            icon="redo"
            disabled={n === 0 || preview.isPlaceholderData || clear.isPending}
            onClick={() => clear.mutate(options, { onSuccess: onClose })}
          >
            {clear.isPending ? 'Clearing…' : `Clear ${count(n, 'task instance')}`}
          </Button>
        </>
      }
    >
      <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
        <legend className="sr-only">What to clear</legend>
        {task && <Check label="Downstream too" checked={downstream} onChange={setDownstream} />}
        {task && <Check label="Upstream too" checked={upstream} onChange={setUpstream} />}
        <Check label="Only failed ones" checked={onlyFailedNow} onChange={setOnlyFailed} />
      </fieldset>
      {clear.error && <ProblemPanel what="Nothing was cleared." error={clear.error} />}
      {preview.error && <ProblemPanel what="No preview." error={preview.error} />}
      {preview.isPending && <Loading label="Asking what would be cleared" />}
      {preview.data && (
        <section aria-label="Preview" aria-live="polite">
          <h3 className="mb-1 font-medium">
            {n === 0 ? 'Nothing would be cleared' : `${count(n, 'task instance')} would run again`}
          </h3>
          {n === 0 && onlyFailedNow && (
            <p className="text-muted">None of them has failed. Clear the last box to take all.</p>
          )}
          <ul
            tabIndex={0}
            aria-label="Would run again"
            className="panel max-h-60 overflow-y-auto py-1 empty:hidden"
          >
            {preview.data.task_instances.slice(0, SHOWN).map((item) => (
              <li key={`${item.task_id}${item.map_index}`} className="flex gap-2 px-3 py-0.5">
                <StateMark state={item.state} size={15} />
                <span className="min-w-0 break-all">
                  {item.task_id}
                  {item.map_index >= 0 && <span className="text-muted"> [{item.map_index}]</span>}
                </span>
              </li>
            ))}
            {n > SHOWN && (
              <li className="px-3 py-1 text-muted">and {(n - SHOWN).toLocaleString('en')} more</li>
            )}
          </ul>
        </section>
      )}
    </Dialog>
  );
}

type CheckProps = { label: string; checked: boolean; onChange: (checked: boolean) => void };

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-2">
      <input
        type="checkbox"
        className="size-4 accent-[var(--c-brass)]"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
