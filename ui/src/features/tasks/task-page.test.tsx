import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeEventSource } from '~/test/events';
import { DAGS, open } from '~/test/render';
import { refuse, sent, theWorld } from '~/test/server';

const runs = () => theWorld().find('orders_hourly')!.runs;
const pathOf = (at: number, task: string, more = '') =>
  `${DAGS}/orders_hourly/runs/${encodeURIComponent(runs()[at]!.dag_run_id)}/tasks/${task}${more}`;
const line = (event: string, level = 'info') => ({
  event,
  level,
  timestamp: '2026-11-21T11:00:00Z',
});

describe('the page of a task try', () => {
  it('tails the log, resumes where it was cut, and ends', async () => {
    open(pathOf(1, 'extract/-1'));
    await screen.findByText('Opening the log…');
    const tail = FakeEventSource.last('/tail');
    expect(tail.url).toContain('/extract/-1/logs/1/tail?offset=0');
    tail.say('lines', [line('first'), line('broken', 'error')], '512');
    expect(await screen.findByText('first')).toBeVisible();
    expect(screen.getByText('2 lines')).toBeVisible();

    tail.fail();
    await waitFor(() => expect(FakeEventSource.last('/tail')).not.toBe(tail));
    const again = FakeEventSource.last('/tail');
    expect(again.url).toContain('offset=512');
    again.say('lines', [line('third')], '700');
    again.say('end', {});
    expect(await screen.findByText('third')).toBeVisible();
    expect(screen.getByText('Complete')).toBeVisible();
    expect(again.closed).toBe(true);
  });

  it('searches and filters the log', async () => {
    const { user } = open(pathOf(1, 'extract/-1'));
    await screen.findByText('Opening the log…');
    FakeEventSource.last('/tail').say('lines', [line('alpha'), line('beta', 'error')], '9');
    expect(await screen.findByText('beta')).toBeVisible();
    await user.type(screen.getByRole('searchbox', { name: 'Search the log' }), 'ALPH');
    await waitFor(() => expect(screen.queryByText('beta')).toBeNull());
    expect(screen.getByText('1 of 2 lines')).toBeVisible();
    await user.clear(screen.getByRole('searchbox', { name: 'Search the log' }));
    await user.selectOptions(screen.getByLabelText('Least level'), 'error');
    await waitFor(() => expect(screen.queryByText('alpha')).toBeNull());
    expect(screen.getByText('beta')).toBeVisible();
  });

  it('shows rendered fields, and the links that the operator left', async () => {
    open(pathOf(1, 'extract/-1?tab=rendered'));
    const link = await screen.findByRole('link', { name: 'Query history' });
    expect(link).toHaveAttribute('href', 'https://warehouse.example/q/7');
    expect(screen.queryByText('Receipt')).toBeNull();
    expect(screen.getByText('bash_command')).toBeVisible();
  });

  it('says why a task is not running', async () => {
    open(pathOf(0, 'load'));
    expect(await screen.findByText('Why it is not running')).toBeVisible();
    expect(screen.getByText('Waits for transform, which is not started.')).toBeVisible();
    expect(screen.getByText('No try has begun')).toBeVisible();
  });

  it('says why a task was left out', async () => {
    open(pathOf(1, 'quarantine'));
    expect(await screen.findByText('Why it did not run')).toBeVisible();
    expect(await screen.findByText('A branch before it chose another way.')).toBeVisible();
  });

  it('says why the log cannot be read', async () => {
    refuse('orrery/dags/orders_hourly/dagRuns/:run/taskInstances/extract/-1/logs/1/tail', 404);
    open(pathOf(1, 'extract/-1'));
    await screen.findByText('Opening the log…');
    const first = FakeEventSource.last('/tail');
    first.fail();
    await waitFor(() => expect(FakeEventSource.last('/tail')).not.toBe(first));
    FakeEventSource.last('/tail').fail();
    expect(await screen.findByText('The log cannot be read.')).toBeVisible();
    expect(screen.getByText('STO-001')).toBeVisible();
  });

  it('shows a chosen try', async () => {
    runs()[1]!.tasks.get('extract')![0]!.try_number = 3;
    const { user } = open(pathOf(1, 'extract/-1', '?try=2'));
    expect(await screen.findByRole('link', { name: 'Try 2, Failed' })).toHaveAttribute(
      'aria-current',
    );
    expect(FakeEventSource.last('/tail').url).toContain('/logs/2/tail');
    await user.click(screen.getByRole('link', { name: /^Try 3/ }));
    await waitFor(() => expect(FakeEventSource.last('/tail').url).toContain('/logs/3/tail'));
  });

  it('shows XComs, details and what it used', async () => {
    const { user } = open(pathOf(1, 'extract/-1', '?tab=xcoms'));
    expect(await screen.findByText('return_value')).toBeVisible();
    expect(await screen.findByText(/12500/)).toBeVisible();
    await user.click(screen.getByRole('link', { name: 'Details' }));
    expect(screen.getAllByText('179 MiB')[0]).toBeVisible();
  });

  it('marks one task instance', async () => {
    const { user } = open(pathOf(1, 'transform/2'));
    await user.click(await screen.findByRole('button', { name: 'Clear or mark…' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Mark failed' }));
    expect(await screen.findByText('transform was marked failed.')).toBeVisible();
    expect(sent.at(-1)?.path).toMatch(/transform\/2$/);
  });

  it('says that there is no such task instance', async () => {
    open(pathOf(1, 'nothing'));
    expect(await screen.findByRole('alert')).toHaveTextContent('TASK-001');
  });
});
