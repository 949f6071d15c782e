/**
 * Pictures of every dashboard and page of a running console, for docs/images:
 *   node scripts/screenshots.mjs [http://127.0.0.1:8090] [--from now-15m] [--only part-of-a-name]
 * Needs Chromium on the PATH and a stack that has run for a while. ImageMagick, where it is, makes them smaller.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const FOLDER = new URL('../docs/images/', import.meta.url).pathname;
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
const SETTLE_MS = 1_500;
const READY_MS = 30_000;
const WIDE = 1_280;
const NARROW = 360;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string', default: 'now-15m' }, only: { type: 'string', default: '' } },
});
const base = positionals[0] ?? 'http://127.0.0.1:8090';
const { dashboards } = await (await fetch(`${base}/console/state`)).json();

const shots = [
  ...dashboards.map(({ uid }) => ({
    name: uid,
    hash: `#/dashboard/${uid}?refresh=0${uid.endsWith('companies') ? '' : `&from=${values.from}`}`,
  })),
  { name: 'console-dark', hash: `#/dashboard/reelstream-overview?refresh=0&from=${values.from}`, dark: true },
  {
    name: 'console-narrow',
    hash: `#/dashboard/reelstream-overview?refresh=0&from=${values.from}`,
    width: NARROW,
    height: 1_400,
  },
  { name: 'console-alerts', hash: '#/alerts', height: 1_000 },
  { name: 'console-runbook', hash: '#/alerts/PipelineStalled' },
  { name: 'console-questions', hash: '#/questions' },
  { name: 'console-question', hash: '#/questions/revenue-by-genre-by-year?from=1980' },
  { name: 'console-recommendations', hash: '#/recommendations/1', height: 1_100 },
].filter(({ name }) => name.includes(values.only));

mkdirSync(FOLDER, { recursive: true });
const executablePath = ['chromium', 'chromium-browser']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((file) => existsSync(file));
if (!executablePath) throw new Error('needs Chromium: apt-get install -y chromium');
const browser = await chromium.launch({ executablePath, args: ARGS });
for (const { name, hash, dark, width = WIDE, height } of shots) {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  await page.goto(`${base}/${hash}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForTimeout(SETTLE_MS);
  // panels are drawn when they are seen: all at once
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: height ?? whole });
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('.loading')].every(
        (one) => one.getBoundingClientRect().top > globalThis.innerHeight,
      ),
    null,
    { timeout: READY_MS },
  );
  await page.waitForTimeout(SETTLE_MS);
  const file = join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file });
  makeSmaller(file);
  process.stdout.write(`${name}.png\n`);
  await context.close();
}
await browser.close();

/** Pages of few colours need no more than a palette; without ImageMagick they stay as they are. */
function makeSmaller(file) {
  spawnSync('convert', [
    file,
    '+dither',
    '-colors',
    '200',
    '-define',
    'png:compression-level=9',
    `PNG8:${file}`,
  ]);
}
