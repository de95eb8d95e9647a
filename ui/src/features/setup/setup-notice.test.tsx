import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { DAGS, open } from '~/test/render';
import { sent, theWorld } from '~/test/server';

const SETUP = {
  what: 'Airflow 3.3.2',
  step: 'Installing 143 packages',
  percent: 62,
  lines: ['resolving for Python 3.11', 'Collecting a'],
  problem: null,
  code: null,
  n_examples: 0,
};

it('shows how far the preparation is, and stops it', async () => {
  theWorld().setup = { ...SETUP, state: 'preparing' };
  const { user } = open(DAGS);
  expect(await screen.findByRole('progressbar')).toHaveAttribute('aria-valuenow', '62');
  expect(screen.getByText('Installing 143 packages…')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Details' }));
  expect(await screen.findByText(/Collecting a/)).toBeVisible();
  await user.click(screen.getAllByRole('button', { name: 'Close' })[0]!);
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(await screen.findByText(/since it was stopped/)).toBeVisible();
  expect(sent.at(-1)?.path).toMatch(/orrery\/setup\/cancel$/);
});

it('says why it failed and what to do, and tries again', async () => {
  const problem = 'RTM-004: cannot resolve the requirements:\nno such host';
  theWorld().setup = { ...SETUP, state: 'failed', problem, code: 'RTM-004' };
  const { user } = open(DAGS);
  expect(await screen.findByText('Airflow 3.3.2 could not be prepared.')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Details' }));
  const page = await screen.findByRole('link', { name: 'What to do about it' });
  expect(page).toHaveAttribute('href', '/errors/RTM-004');
  await user.click(screen.getAllByRole('button', { name: 'Close' })[0]!);
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('progressbar')).toBeVisible();
});

it('tells once that it is ready', async () => {
  theWorld().setup = { ...SETUP, state: 'ready', n_examples: 23 };
  const { user } = open(DAGS);
  expect(await screen.findByText(/23 example files/)).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(screen.queryByText(/is ready/)).toBeNull();
});
