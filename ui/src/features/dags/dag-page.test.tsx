import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { address, DAGS, open } from '~/test/render';
import { refuse, sent, theWorld } from '~/test/server';

const DAG = `${DAGS}/orders_hourly`;

describe('the page of a dag', () => {
  it('shows a grid of runs and tasks that the arrow keys walk', async () => {
    const { user } = open(DAG);
    const grid = await screen.findByRole('grid');
    expect(within(grid).getByText('check_schema')).toBeVisible();
    expect(within(grid).getAllByRole('row')).toHaveLength(9);
    const newest = within(grid)
      .getAllByRole('link', { name: /^wait_for_export/ })
      .at(-1)!;
    newest.focus();
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toHaveAccessibleName(/^extract, /);
    await user.keyboard('{ArrowLeft}{Enter}');
    const run = theWorld().find('orders_hourly')!.runs[1]!;
    await waitFor(() => expect(address()).toBe(`${DAG}/runs/${run.dag_run_id}/tasks/extract/-1`));
  });

  it('loads earlier runs', async () => {
    const { user } = open(DAG);
    await user.click(await screen.findByRole('button', { name: 'Earlier runs' }));
    await waitFor(() =>
      expect(screen.getAllByRole('link', { name: /^extract, / })).toHaveLength(50),
    );
  });

  it('offers a first run to a dag without any', async () => {
    open(`${DAGS}/new_dag`);
    expect(await screen.findByText('This dag has not run yet')).toBeVisible();
  });

  it('shows the import error, and that the code is the last good version', async () => {
    open(`${DAGS}/gdpr_erasure?tab=code`);
    expect(await screen.findByText('gdpr_erasure.py:14:23')).toBeVisible();
    expect(await screen.findByText(/^The last good version/)).toBeVisible();
  });

  it('shows the code as it was at a version', async () => {
    const { user } = open(`${DAG}?tab=code`);
    expect(await screen.findByText('# version 3')).toBeVisible();
    const versions = await screen.findByLabelText('Version');
    await user.selectOptions(versions, '2');
    expect(await screen.findByText('# version 2')).toBeVisible();
    expect(address()).toBe(`${DAG}?tab=code&version=2`);
    await user.selectOptions(versions, '1');
    expect(await screen.findByText('No source is kept of this version')).toBeVisible();
  });

  it('says that the file of a dag is gone', async () => {
    theWorld().find('orders_hourly')!.details.is_stale = true;
    open(DAG);
    expect(await screen.findByText('The file of this dag is gone.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Trigger' })).toBeDisabled();
  });

  it('lists runs and documents itself', async () => {
    const { user } = open(`${DAG}?tab=runs`);
    expect(await screen.findByText('60 runs')).toBeVisible();
    await user.click(screen.getByRole('link', { name: 'Details' }));
    expect(await screen.findByRole('heading', { name: 'Orders' })).toBeVisible();
    expect(screen.getByRole('link', { name: 'the wiki' })).toHaveAttribute(
      'href',
      'https://wiki.example/orders',
    );
  });

  it('says that there is no such dag', async () => {
    open(`${DAGS}/nothing`);
    expect(await screen.findByRole('alert')).toHaveTextContent('DAG-001');
  });
});

describe('triggering', () => {
  it('checks the conf, sends it, and goes to the run', async () => {
    const { user } = open(DAG);
    await user.click(await screen.findByRole('button', { name: 'Trigger' }));
    const text = await screen.findByLabelText(/Configuration/);
    await user.clear(text);
    await user.type(text, '{{"a": 1,{Enter}  b: 2}');
    expect(screen.getByText(/^Line 2, column 3: A name in double quotes/)).toBeVisible();
    await user.clear(text);
    await user.type(text, '{{"region": "us"}');
    await user.selectOptions(screen.getByLabelText('region'), 'apac');
    await user.type(screen.getByLabelText('Run id'), 'mine');
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Trigger' }));
    await waitFor(() => expect(address()).toBe(`${DAG}/runs/mine`));
    expect(sent.at(-1)?.body).toEqual({
      logical_date: null,
      conf: { region: 'apac' },
      dag_run_id: 'mine',
    });
  });

  it('unpauses a paused dag, and shows a refusal in the dialog', async () => {
    const { user } = open(`${DAGS}/new_dag`);
    const button = { name: 'Trigger' };
    await user.click(await screen.findByRole('button', button));
    expect(await screen.findByLabelText('Unpause the dag')).toBeChecked();
    refuse('dags/new_dag/dagRuns', 409);
    const dialog = within(screen.getByRole('dialog'));
    await user.click(dialog.getByRole('button', button));
    expect(await dialog.findByRole('alert')).toHaveTextContent('No run was triggered.');
    expect(dialog.getByText('STO-001')).toBeVisible();
  });
});
