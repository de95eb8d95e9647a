import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ask as askIn } from '../../../dev/questions';
import { DAGS, open } from '~/test/render';
import { refuse, sent, theWorld } from '~/test/server';

const DAG = `${DAGS}/orders_hourly`;
const run = () => theWorld().find('orders_hourly')!.runs[1]!;
const page = () => `${DAG}/runs/${encodeURIComponent(run().dag_run_id)}/tasks/extract/-1`;

function ask(more: object = {}) {
  return askIn(theWorld(), run(), 'extract', {
    subject: 'May it be published?',
    body: 'Rows: **12**',
    options: ['Approve', 'Reject'],
    ...more,
  });
}

describe('a task that asks people', () => {
  it('is answered with one press', async () => {
    ask();
    const { user } = open(page());
    const panel = within(await screen.findByRole('region', { name: 'May it be published?' }));
    expect(panel.getByText('Input required')).toBeVisible();
    expect(panel.getByText('12')).toBeVisible();
    panel.getByRole('button', { name: 'Approve' }).focus();
    await user.keyboard('{Enter}');
    expect(await screen.findByText('extract has your answer.')).toBeVisible();
    expect(sent.at(-1)?.body).toEqual({ chosen_options: ['Approve'], params_input: {} });
    expect(sent.at(-1)?.path).toMatch(/extract\/-1\/hitlDetails$/);
    expect(await screen.findByText('chosen by Anonymous', { exact: false })).toBeVisible();
  });

  it('takes several options and what is to be filled in, with the keyboard alone', async () => {
    ask({
      multiple: true,
      options: ['eu', 'us', 'apac'],
      params: { note: { value: 'none', description: 'For the log', schema: { type: 'string' } } },
      assigned_users: [{ id: 'ada', name: 'Ada' }],
    });
    const { user } = open(page());
    const send = await screen.findByRole('button', { name: 'Send the answer' });
    expect(send).toBeDisabled();
    expect(screen.getByText('For Ada to answer.')).toBeVisible();
    screen.getByLabelText('note').focus();
    await user.keyboard('!{Tab} {Tab}{Tab} {Tab}{Enter}');
    await waitFor(() =>
      expect(sent.at(-1)?.body).toEqual({
        chosen_options: ['eu', 'apac'],
        params_input: { note: 'none!' },
      }),
    );
  });

  it('says why an answer was not taken', async () => {
    ask();
    const { user } = open(page());
    const button = await screen.findByRole('button', { name: 'Reject' });
    refuse('dags/orders_hourly/dagRuns/:run/taskInstances/extract/-1/hitlDetails', 409);
    await user.click(button);
    expect(await screen.findByText('The answer was not taken.')).toBeVisible();
    expect(screen.getByText('STO-001')).toBeVisible();
  });

  it('is named on the page of its dag', async () => {
    ask();
    const { user } = open(DAG);
    const note = await screen.findByRole('region', { name: 'Input required' });
    expect(note).toHaveTextContent('Input required: 1 task waits for an answer');
    await user.click(within(note).getByRole('link', { name: 'May it be published?' }));
    expect(await screen.findByRole('button', { name: 'Approve' })).toBeVisible();
  });
});
