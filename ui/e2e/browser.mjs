// Two windows of one Chromium, and what is wrong with anything that they show.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const WAIT_MS = 20_000;
const NARROW_PX = 400;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** `page` to act in and `watcher` to see that it follows. */
export async function open(base) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
  });
  const faults = [];
  const fault = (text) => {
    faults.push(text);
    console.error(`  fault: ${text}`);
  };
  const context = await browser.newContext({
    viewport: { width: 1440, height: 860 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(WAIT_MS);
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !/^(data|blob):/.test(url)) fault(`asks ${url}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) fault(`${response.status()} of ${response.url()}`);
  });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => fault(`uncaught: ${error.error().message}`));
  const page = await context.newPage();
  const watcher = await context.newPage();

  const inspect = async (name) => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const { id, help, nodes } of violations)
        fault(`${name}, ${colorScheme}: ${id}: ${help}: ${nodes[0].html.slice(0, 160)}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    const size = page.viewportSize();
    await page.setViewportSize({ ...size, width: NARROW_PX });
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    if (over > 0) fault(`${name}: ${over} px wider than ${NARROW_PX}`);
    await page.setViewportSize(size);
  };

  const step = async (name, act) => {
    const since = Date.now();
    try {
      await act();
      console.log(`ok   ${name} (${Date.now() - since} ms)`);
    } catch (error) {
      console.error(`FAIL ${name}\n${error.message}\n${page.url()}`);
      console.error((await page.locator('body').innerText()).slice(0, 2000));
      await browser.close();
      process.exit(1);
    }
  };

  const until = async (what, ask, holds) => {
    const deadline = Date.now() + WAIT_MS;
    let last;
    while (!holds((last = await ask()))) {
      if (Date.now() > deadline) throw new Error(`${what}: not so, but ${last}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  };

  const close = async () => {
    await browser.close();
    if (faults.length > 0) process.exit(1);
  };
  return { page, watcher, step, inspect, until, close };
}
