import type { ClearBody } from '~/api/types';
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { DAGS, open } from '~/test/render';
import { refuse, sent, theWorld } from '~/test/server';

const runs = () => theWorld().find('orders_hourly')!.runs;
const pathOf = (run: string) => `${DAGS}/orders_hourly/runs/${encodeURIComponent(run)}`;
const failed = () => runs().find(({ state }) => state === 'failed')!.dag_run_id;

describe('the page of a run', () => {
  it('says for each task that waits why it does', async () => {
    open(pathOf(runs()[0]!.dag_run_id));
    const table = await screen.findByRole('table', { name: 'Task instances' });
    expect(
      await within(table).findByText('Waits for wait_for_export, which is not started.'),
    ).toBeVisible();
    expect(screen.getByText('13 instances')).toBeVisible();
  });

  it('previews a clear, and does it', async () => {
    const { user } = open(pathOf(failed()));
    await user.click(await screen.findByRole('button', { name: 'Clear…' }));
    const dialog = within(await screen.findByRole('dialog'));
    const button = await dialog.findByRole('button', { name: /^Clear \d+ task instances?$/ });
    await waitFor(() => expect(button).toBeEnabled());
    expect(sent.at(-1)?.body).toMatchObject({ dry_run: true, only_failed: true });
    await user.click(button);
    expect(await screen.findByText(/^Cleared \d+ task instance/)).toBeVisible();
    const done = sent.map(({ body }) => body as ClearBody).find((body) => body.dry_run === false);
    expect(done).toMatchObject({ only_failed: true, reset_dag_runs: true });
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('gives the focus back to what opened a dialog', async () => {
    const { user } = open(pathOf(failed()));
    const actions = await screen.findByRole('button', { name: 'Actions for extract' });
    await user.click(actions);
    await user.click(await screen.findByRole('menuitem', { name: 'Clear…' }));
    await screen.findByRole('dialog');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(actions).toHaveFocus());
  });

  it('marks the run', async () => {
    const { user } = open(pathOf(failed()));
    await user.click(await screen.findByRole('button', { name: 'Mark as…' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Success' }));
    expect(await screen.findByText('The run was marked success.')).toBeVisible();
    expect(sent.at(-1)).toMatchObject({ method: 'PATCH', body: { state: 'success' } });
  });

  it('filters its tasks', async () => {
    const { user } = open(pathOf(failed()));
    await user.type(await screen.findByRole('searchbox', { name: 'Search tasks' }), 'transform');
    expect(await screen.findByText('6 instances')).toBeVisible();
  });

  it('says that there is no such run, and when its tasks do not come', async () => {
    open(pathOf('nothing'));
    expect(await screen.findByRole('alert')).toHaveTextContent('RUN-001');
  });

  it('keeps the rest when the tasks cannot be loaded', async () => {
    refuse('dags/orders_hourly/dagRuns/:run/taskInstances');
    open(pathOf(failed()));
    expect(await screen.findByText('The task instances could not be loaded.')).toBeVisible();
    expect(screen.getByText('Logical date')).toBeVisible();
  });
});
