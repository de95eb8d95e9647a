import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeEventSource } from '~/test/events';
import { address, DAGS, open } from '~/test/render';
import { refuse, sent, theWorld } from '~/test/server';

const rowOf = async (dag: string) => {
  const link = await screen.findByRole('link', { name: dag });
  return within(link.closest<HTMLElement>('[role=row]')!);
};

describe('the list of dags', () => {
  it('shows schedule, last runs, latest state and next run', async () => {
    open('/');
    const row = await rowOf('orders_hourly');
    expect(row.getByText('0 * * * *')).toBeVisible();
    expect(row.getByText('Running')).toBeVisible();
    expect(within(row.getByRole('list', { name: /Last runs/ })).getAllByRole('link')).toHaveLength(
      14,
    );
    expect(screen.getByText('8 in total')).toBeVisible();
    expect(address()).toBe(DAGS);
  });

  it('is found at the address that it has in Airflow', async () => {
    open('/dags');
    expect(await screen.findByRole('link', { name: 'orders_hourly' })).toBeVisible();
    expect(address()).toBe(DAGS);
  });

  it('sends addresses of task instances in Airflow to ours', async () => {
    open('/dags/orders_hourly/runs/a/tasks/b/mapped/3?try=1');
    await waitFor(() => {
      expect(address()).toBe(`${DAGS}/orders_hourly/runs/a/tasks/b/3?try=1`);
    });
  });

  it('says where and why a dag file is broken', async () => {
    const { user } = open(DAGS);
    const row = await rowOf('gdpr_erasure');
    expect(row.getByText(/gdpr_erasure.py:14:23 · NameError/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: /2 dag files cannot be imported/ }));
    expect(await screen.findByText('experiments/churn.yaml:9:5')).toBeVisible();
    expect(screen.getByText('DAG-007')).toBeVisible();
  });

  it('says what is odd with dags that run', async () => {
    const { user } = open(DAGS);
    await user.click(await screen.findByRole('button', { name: /1 warning about dags/ }));
    const warnings = within(screen.getByRole('region', { name: 'Warnings' }));
    expect(warnings.getByText(/gives another dag at each parse/)).toBeVisible();
    expect(warnings.getByText('runtime varying value')).toBeVisible();
    await user.click(warnings.getByRole('link', { name: 'orders_hourly' }));
    expect(address()).toContain('orders_hourly');
  });

  it('has no word of warnings where there are none', async () => {
    theWorld().warnings = [];
    open(DAGS);
    await rowOf('orders_hourly');
    expect(screen.queryByText(/about dags/)).toBeNull();
  });

  it('filters in the address, and says when nothing matches', async () => {
    const { user } = open(DAGS);
    await user.type(await screen.findByRole('searchbox'), 'no such thing');
    expect(await screen.findByText('No dag matches')).toBeVisible();
    expect(address()).toBe(`${DAGS}?q=no+such+thing`);
    await user.click(screen.getByRole('button', { name: 'Clear the filters' }));
    expect(await rowOf('orders_hourly')).toBeTruthy();
  });

  it('pauses at once, and goes back when it is refused', async () => {
    const { user } = open(DAGS);
    const name = { name: 'Schedule billing_nightly' };
    const toggle = await screen.findByRole('switch', name);
    expect(toggle).toBeChecked();
    await user.click(toggle);
    await waitFor(() => expect(screen.getByRole('switch', name)).not.toBeChecked());
    expect(sent.at(-1)?.body).toEqual({ is_paused: true });

    refuse('dags/billing_nightly');
    await user.click(screen.getByRole('switch', name));
    expect(await screen.findByText('billing_nightly was not unpaused')).toBeVisible();
    expect(screen.getByText('STO-001')).toBeVisible();
    expect(screen.getByRole('switch', name)).not.toBeChecked();
  });

  it('has a word for a deployment without dags', async () => {
    theWorld().dags.length = 0;
    theWorld().importErrors = [];
    open(DAGS);
    expect(await screen.findByText('No dags yet')).toBeVisible();
  });

  it('shows what went wrong, its code and what to do', async () => {
    refuse('orrery/dags');
    open(DAGS);
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('STO-001');
    expect(alert).toHaveTextContent('The book is closed.');
    expect(alert).toHaveTextContent('Start Orrery again.');
  });

  it('follows events, and says when the stream is lost', async () => {
    open(DAGS);
    await rowOf('orders_hourly');
    const events = FakeEventSource.last('/orrery/events');
    events.say('hello', { version: '1', server_time: '2026-11-21T12:00:00Z' });
    expect(screen.getByText('Live')).toBeVisible();

    const entry = theWorld().find('orders_hourly')!;
    entry.runs[0]!.state = 'failed';
    events.say('changes', { dags: [], runs: [['orders_hourly', entry.runs[0]!.dag_run_id]] });
    const row = await rowOf('orders_hourly');
    expect(await row.findByText('Failed')).toBeVisible();

    events.fail();
    expect(screen.getByText('Reconnecting…')).toBeVisible();
    expect(events.closed).toBe(true);
    await waitFor(() => expect(FakeEventSource.last('/orrery/events')).not.toBe(events));
    const second = FakeEventSource.last('/orrery/events');
    expect(screen.queryByText('The connection to Orrery is lost.')).toBeNull();
    second.fail();
    expect(await screen.findByText('The connection to Orrery is lost.')).toBeVisible();
    await waitFor(() => expect(FakeEventSource.last('/orrery/events')).not.toBe(second), {
      timeout: 3000,
    });
    FakeEventSource.last('/orrery/events').say('hello', {
      version: '1.0.0',
      server_time: new Date().toISOString(),
    });
    expect(screen.queryByText('The connection to Orrery is lost.')).toBeNull();
  });
});
