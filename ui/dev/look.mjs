// Opens every page of a running `npm run dev:mock` in Chromium, light and dark, wide and narrow:
// writes shots/*.png and fails on what axe finds. CHROMIUM, UI_URL and ONLY (a name) may be set.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const base = process.env.UI_URL ?? 'http://127.0.0.1:5173';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
});
mkdirSync('shots', { recursive: true });

const api = async (path) => (await fetch(`${base}/d/default/api/v2/${path}`)).json();
const runs = (dag) => api(`dags/${dag}/dagRuns?limit=50`).then(({ dag_runs }) => dag_runs);
const orders = await runs('orders_hourly');
const failed = orders.find(({ state }) => state === 'failed') ?? orders[1];
const at = (dag, run = '') => `/d/default/dags/${dag}${run && `/runs/${encodeURIComponent(run)}`}`;

const PAGES = [
  ['dags', '/d/default/dags'],
  ['dags-errors', '/d/default/dags', (page) => page.getByText('cannot be imported').click()],
  ['dags-none', '/d/default/dags?q=nothing-like-this'],
  ['audit', '/d/default/audit'],
  ['audit-none', '/d/default/audit?event=nothing-like-this'],
  ['dag-audit', `${at('orders_hourly')}?tab=audit`],
  ['dag', at('orders_hourly')],
  ['dag-runs', `${at('orders_hourly')}?tab=runs`],
  ['dag-details', `${at('orders_hourly')}?tab=details`],
  ['dag-broken', `${at('gdpr_erasure')}?tab=code`],
  ['dag-new', at('new_dag')],
  ['dag-missing', at('no_such_dag')],
  ['trigger', at('orders_hourly'), (page) => page.getByRole('button', { name: 'Trigger' }).click()],
  ['run', at('orders_hourly', orders[0].dag_run_id)],
  ['run-failed', at('orders_hourly', failed.dag_run_id)],
  [
    'clear',
    at('orders_hourly', failed.dag_run_id),
    (page) => page.getByRole('button', { name: 'Clear…' }).click(),
  ],
  ['task', `${at('orders_hourly', failed.dag_run_id)}/tasks/extract/-1`],
  ['task-details', `${at('orders_hourly', failed.dag_run_id)}/tasks/extract/-1?tab=details`],
  ['task-xcoms', `${at('orders_hourly', failed.dag_run_id)}/tasks/extract/-1?tab=xcoms`],
  ['task-waiting', `${at('orders_hourly', orders[0].dag_run_id)}/tasks/notify/-1`],
];

let faults = 0;
for (const theme of ['light', 'dark']) {
  for (const width of [1440, 420]) {
    const context = await browser.newContext({
      colorScheme: theme,
      viewport: { width, height: width > 500 ? 900 : 860 },
      reducedMotion: 'reduce',
    });
    for (const [name, path, act] of PAGES) {
      if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('404'))
          console.log(name, message.text());
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(base) && !request.url().startsWith('data:')) {
          faults++;
          console.log(`${name}: a request to another host: ${request.url()}`);
        }
      });
      await page.goto(base + path);
      await page.waitForTimeout(900);
      if (act) await act(page).catch((error) => console.log(name, error.message));
      await page.waitForTimeout(500);
      await page.screenshot({ path: `shots/${name}-${theme}-${width}.png` });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      if (wide > 0) console.log(`${name} ${width}: ${wide} px wider than the window`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const { id, help, nodes } of violations) {
        faults += nodes.length;
        console.log(
          `${name} ${theme} ${width}: ${id}: ${help} (${nodes.length})\n   ${nodes[0].html.slice(0, 160)}\n   ${nodes[0].any[0]?.message ?? ''}`,
        );
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
console.log(faults === 0 ? 'axe: nothing found' : `axe: ${faults} found`);
process.exit(faults === 0 ? 0 : 1);
