import { useState } from 'react';
import type { Setup } from '~/api/types';
import { Button, IconButton } from '~/components/button';
import { Dialog } from '~/components/dialog';
import { count } from '~/components/format';
import { Icon } from '~/components/icons';
import { useSetup, useSetupAction } from './hooks';

/** What the demo prepares beside, for as long as it is news. */
export function SetupNotice({ deployment }: { deployment: string }) {
  const { data: setup } = useSetup(deployment);
  const action = useSetupAction(deployment);
  const [seen, setSeen] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  if (!setup || setup.state === 'off' || seen === setup.state) return null;
  const isBad = setup.state === 'failed';
  return (
    <section
      aria-label={`Preparing ${setup.what}`}
      className={`border-b px-3 py-2 sm:px-5 ${isBad ? 'border-danger/50 bg-danger-soft' : 'border-line bg-sunk'}`}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <p role="status" className="flex min-w-0 flex-[1_1_16rem] items-center gap-2">
          {isBad && <Icon name="warning" className="shrink-0 text-danger" />}
          <span className="min-w-0">
            <Words setup={setup} />
          </span>
        </p>
        {setup.state === 'preparing' && <Bar percent={setup.percent} what={setup.what} />}
        <div className="ml-auto flex gap-2">
          {setup.state !== 'ready' && <Button onClick={() => setOpen(true)}>Details</Button>}
          {setup.state === 'preparing' && (
            <Button disabled={action.isPending} onClick={() => action.mutate('cancel')}>
              Cancel
            </Button>
          )}
          {(isBad || setup.state === 'cancelled') && (
            <Button look="solid" disabled={action.isPending} onClick={() => action.mutate('retry')}>
              {isBad ? 'Try again' : 'Prepare it'}
            </Button>
          )}
          {setup.state !== 'preparing' && (
            <IconButton icon="close" label="Dismiss" onClick={() => setSeen(setup.state)} />
          )}
        </div>
      </div>
      {open && <Details setup={setup} onClose={() => setOpen(false)} />}
    </section>
  );
}

function Words({ setup }: { setup: Setup }) {
  const { state, what, step } = setup;
  if (state === 'preparing') {
    return (
      <>
        <strong className="font-semibold">Preparing {what} for Python dags.</strong>{' '}
        <span className="text-muted">{step}…</span>
      </>
    );
  }
  if (state === 'ready') {
    return (
      <>
        <strong className="font-semibold">{what} is ready.</strong>{' '}
        {setup.n_examples > 0
          ? `${count(setup.n_examples, 'example file')} of Airflow’s own are among the dags now.`
          : 'Python dags run.'}
      </>
    );
  }
  if (state === 'cancelled') {
    return `${what} was not prepared, since it was stopped. YAML dags run without it.`;
  }
  return (
    <>
      <strong className="font-semibold">{what} could not be prepared.</strong>{' '}
      <span className="break-words">{setup.problem?.split('\n')[0]} YAML dags run without it.</span>
    </>
  );
}

function Bar({ percent, what }: { percent: number; what: string }) {
  return (
    <div className="flex items-center gap-2">
      <div
        role="progressbar"
        aria-label={`Preparing ${what}`}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        className="h-1.5 w-36 overflow-hidden rounded-full bg-line max-sm:w-24"
      >
        <div className="h-full rounded-full bg-brass" style={{ width: `${percent}%` }} />
      </div>
      <span className="w-9 text-right text-muted">{percent} %</span>
    </div>
  );
}

function Details({ setup, onClose }: { setup: Setup; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={setup.what}
      description="Airflow is installed from the package index into the data folder of this demo, and nowhere else."
      footer={<Button onClick={onClose}>Close</Button>}
    >
      {setup.problem && (
        <div role="alert" className="rounded-lg border border-danger/50 bg-danger-soft p-3">
          <p className="font-mono text-xs break-words whitespace-pre-wrap">{setup.problem}</p>
          {setup.code && (
            <p className="mt-2">
              <a href={`/errors/${setup.code}`} target="_blank" rel="noreferrer" className="link">
                What to do about it
              </a>
            </p>
          )}
        </div>
      )}
      {setup.lines.length > 0 ? (
        <pre
          tabIndex={0}
          role="log"
          aria-label="What was said"
          className="panel max-h-80 overflow-auto p-3 font-mono text-xs leading-5 whitespace-pre-wrap"
        >
          {setup.lines.join('\n')}
        </pre>
      ) : (
        <p className="text-muted">Nothing was said yet.</p>
      )}
    </Dialog>
  );
}
