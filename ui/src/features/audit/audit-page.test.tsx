import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { address, DAGS, open } from '~/test/render';
import { refuse, theWorld } from '~/test/server';

const AUDIT = '/d/default/audit';
const rows = async () =>
  within(await screen.findByRole('table'))
    .getAllByRole('row')
    .slice(1);

describe('the audit log', () => {
  it('is in the navigation, newest first, with what each entry is of', async () => {
    const { user } = open(DAGS);
    await user.click(await screen.findByRole('link', { name: 'Audit log' }));
    expect(address()).toBe(AUDIT);
    const [first, second] = await rows();
    expect(within(first!).getByText('trigger_dag_run')).toBeVisible();
    expect(within(first!).getByText('ann')).toBeVisible();
    expect(within(first!).getByRole('link', { name: 'orders_hourly' })).toHaveAttribute(
      'href',
      `${DAGS}/orders_hourly`,
    );
    expect(within(second!).getByRole('link', { name: 'extract' })).toHaveAttribute(
      'href',
      `${DAGS}/orders_hourly/runs/manual__1/tasks/extract/-1`,
    );
    expect(screen.getByText('120 entries')).toBeVisible();
  });

  it('has pages in the address', async () => {
    const { user } = open(AUDIT);
    await rows();
    expect(screen.queryByRole('link', { name: 'Newer' })).toBeNull();
    await user.click(screen.getByRole('link', { name: 'Older' }));
    expect(address()).toBe(`${AUDIT}?page=2`);
    expect(await screen.findByText('51–100')).toBeVisible();
    await user.click(screen.getByRole('link', { name: 'Older' }));
    expect(await screen.findByText('101–120')).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Older' })).toBeNull();
    await user.click(screen.getByRole('link', { name: 'Newer' }));
    expect(address()).toBe(`${AUDIT}?page=2`);
  });

  it('has filters in the address, and says when nothing matches', async () => {
    const { user } = open(`${AUDIT}?page=2`);
    await rows();
    await user.type(screen.getByRole('searchbox', { name: 'Event' }), 'delete');
    await waitFor(() => expect(address()).toBe(`${AUDIT}?event=delete`));
    expect(await screen.findByText('24 entries')).toBeVisible();
    await user.type(screen.getByRole('searchbox', { name: 'User' }), 'ann');
    expect(await screen.findByText('No entry matches')).toBeVisible();
    expect(address()).toBe(`${AUDIT}?event=delete&user=ann`);
    await user.click(screen.getAllByRole('button', { name: 'Clear the filters' })[0]!);
    await waitFor(() => expect(address()).toBe(AUDIT));
    expect(await screen.findByText('120 entries')).toBeVisible();
  });

  it('takes what an address asks for', async () => {
    open(`${AUDIT}?dag=billing&after=2026-11-21T00:00:00Z&before=2026-11-21T10:30:00Z`);
    expect(await screen.findByText('2 entries')).toBeVisible();
    expect(screen.getByLabelText('From')).not.toHaveValue('');
  });

  it('shows all of a request by keyboard', async () => {
    const { user } = open(`${AUDIT}?event=trigger`);
    const [first] = await rows();
    const summary = within(first!).getByText(/"conf"/, { selector: 'summary' });
    await user.click(summary);
    expect(summary.closest('details')).toHaveAttribute('open');
    expect(within(first!).getByText(/"password": "\*\*\*"/)).toBeVisible();
  });

  it('is a tab of a dag, which is meant exactly', async () => {
    const { user } = open(`${DAGS}/orders_hourly`);
    const tabs = within(await screen.findByRole('navigation', { name: 'Of this dag' }));
    await user.click(tabs.getByRole('link', { name: 'Audit log' }));
    expect(address()).toBe(`${DAGS}/orders_hourly?tab=audit`);
    expect(await screen.findByText('48 entries')).toBeVisible();
    expect(screen.queryByRole('searchbox', { name: 'Dag' })).toBeNull();
    await user.type(screen.getByRole('searchbox', { name: 'User' }), 'ann');
    await waitFor(() => expect(address()).toBe(`${DAGS}/orders_hourly?tab=audit&user=ann`));
  });

  it('says that nothing happened yet', async () => {
    theWorld().audit = [];
    open(AUDIT);
    expect(await screen.findByText('Nothing yet')).toBeVisible();
  });

  it('says what went wrong', async () => {
    refuse('eventLogs');
    open(AUDIT);
    expect(await screen.findByText('The audit log could not be loaded.')).toBeVisible();
  });
});
