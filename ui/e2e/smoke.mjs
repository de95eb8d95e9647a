// The steps of a newcomer through a real Orrery, in Chromium: node e2e/smoke.mjs BASE_URL GATE
//
// Wants a dag `tour` with the param `name` and the tasks `slow`, which writes a line and, in the run
// of the browser, the others once the file GATE is there, and `after`, and a file `broken.yaml`.
// Fails on what it cannot do, on what axe finds in either theme, on errors in the console, and on
// any request to another host.
import { writeFileSync } from 'node:fs';

import { open } from './browser.mjs';

const base = (process.argv[2] ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const gate = process.argv[3] ?? '/tmp/gate';
const { page, watcher, step, inspect, until, close } = await open(base);
const dags = `${base}/d/default/dags`;

await step('the list of dags says where a file is broken', async () => {
  await page.goto(base);
  await page.waitForURL(dags);
  await page.getByRole('link', { name: 'tour', exact: true }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: '1 dag file cannot be imported' }).click();
  await page.getByText(/^broken\.yaml:3:\d+$/).waitFor();
  await page.getByText('DAG-004').waitFor();
  await inspect('dags');
});

await step('the keyboard finds the search and leaves it', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('no such dag');
  await page.getByText('No dag matches').waitFor();
  await inspect('dags, none found');
  await page.getByRole('button', { name: 'Clear the filters' }).press('Enter');
  await page.getByRole('link', { name: 'tour', exact: true }).click();
  await page.waitForURL(`${dags}/tour`);
});

await step('a dag shows its grid, runs, code and details', async () => {
  await until('the scheduled run is over', cells(page, 'after, success'), (n) => n === 1);
  await inspect('grid');
  for (const tab of ['Runs', 'Code', 'Details']) {
    await page.getByRole('link', { name: tab, exact: true }).click();
    await page.waitForURL(`${dags}/tour?tab=${tab.toLowerCase()}`);
    await page.waitForLoadState('networkidle', { timeout: 1000 }).catch(() => undefined);
    await inspect(tab);
  }
});

await step('Esc closes a dialog, and the focus is where it was', async () => {
  await page.getByRole('button', { name: 'Trigger', exact: true }).press('Enter');
  await page.getByRole('dialog').getByLabel('name', { exact: true }).waitFor();
  await inspect('trigger');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  await until('the focus is on the button', focused, (it) => it === 'Trigger');
});

await step('a run is triggered with a conf; its log comes line by line', async () => {
  await watcher.goto(`${dags}/tour`);
  await until('another window shows the grid', cells(watcher, 'after, success'), (n) => n === 1);
  await page.getByRole('button', { name: 'Trigger', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('name', { exact: true }).fill('browser');
  await dialog.getByRole('button', { name: 'Trigger' }).click();
  await page.waitForURL(/\/runs\/manual__/);
  await page.getByRole('link', { name: 'slow', exact: true }).click();
  const log = page.getByRole('region', { name: 'Log of try 1' });
  await log.getByText('line 1 for browser', { exact: true }).waitFor();
  await log.getByText('Live', { exact: true }).waitFor();
  writeFileSync(gate, '');
  await log.getByText('line 12 for browser', { exact: true }).waitFor();
  await log.getByText('Complete', { exact: true }).waitFor();
  await page.getByText('Success', { exact: true }).first().waitFor();
});

await step('the grid of another window has followed', async () => {
  await until('both runs are green', cells(watcher, 'after, success'), (n) => n === 2);
});

await step('a task shows its log, XComs and details', async () => {
  await inspect('log');
  await page.getByRole('link', { name: 'XComs' }).click();
  await page.getByText('line 12 for browser').waitFor();
  await inspect('xcoms');
  await page.getByRole('link', { name: 'Details' }).click();
  await page.getByText('Peak memory').first().waitFor();
  await inspect('task details');
});

await step('a run is cleared, and runs again', async () => {
  await page.getByRole('link', { name: /^manual__/ }).click();
  await page.getByRole('button', { name: 'Clear…' }).click();
  await page.getByText('2 task instances would run again').waitFor();
  await inspect('clear');
  await page.getByRole('button', { name: 'Clear 2 task instances' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByText('waits for').first().waitFor();
  await inspect('run');
  await page.getByRole('button', { name: /^2\s*success/ }).waitFor();
  await page.getByRole('link', { name: 'slow', exact: true }).click();
  await page.getByRole('region', { name: 'Log of try 2' }).waitFor();
  await page.getByRole('link', { name: /^Try 1/ }).click();
  await page.getByRole('region', { name: 'Log of try 1' }).waitFor();
});

await step('a dag is paused, and every window says so', async () => {
  await watcher.goto(dags);
  const name = { name: 'Schedule tour' };
  const there = watcher.getByRole('switch', name);
  await page.goto(`${dags}/tour`);
  await page.getByRole('switch', name).click();
  await until(
    'the list knows',
    () => there.getAttribute('aria-checked'),
    (it) => it === 'false',
  );
  await page.reload();
  await page.getByText('Paused', { exact: true }).first().waitFor();
  await inspect('paused');
  await page.getByRole('switch', name).press('Space');
  await until(
    'the list knows',
    () => there.getAttribute('aria-checked'),
    (it) => it === 'true',
  );
});

await step('the audit log says who did what', async () => {
  await page.getByRole('link', { name: 'Audit log' }).first().click();
  await page.waitForURL(`${base}/d/default/audit`);
  const table = page.getByRole('table');
  await table.getByText('patch_dag', { exact: true }).first().waitFor();
  await table.getByText('trigger_dag_run', { exact: true }).waitFor();
  await inspect('audit log');
  await page.keyboard.press('/');
  await page.keyboard.type('clear');
  await page.waitForURL(/[?]event=clear$/);
  await until(
    'only what was cleared is left',
    () => table.getByRole('row').count(),
    (n) => n === 2,
  );
  await table.locator('summary').press('Enter');
  await table.getByText('"dry_run": false').waitFor();
  await inspect('audit log, found');
  await page.keyboard.press('/');
  await page.keyboard.type(' of nothing');
  await page.getByText('No entry matches').waitFor();
  await inspect('audit log, none found');
  await page.goto(`${dags}/tour?tab=audit`);
  await page.getByRole('table').getByText('patch_dag', { exact: true }).first().waitFor();
  await inspect('audit log of a dag');
});

await step('what is not there says so', async () => {
  await page.goto(`${base}/nowhere/at/all`);
  await page.getByText('There is no page here').waitFor();
  await inspect('no page');
});

await close();

/** How many cells of the grid begin their name so. */
function cells(of, name) {
  return () =>
    of
      .getByRole('grid')
      .getByRole('link', { name: new RegExp(`^${name}`, 'i') })
      .count();
}
