/// <reference lib="dom" />
import { join } from 'node:path';
import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DASHBOARD_UIDS } from '../../dashboards/dashboard-uids.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { openBrowser } from '../helpers/browser.ts';
import { emptiness, everyQuery, type PanelQuery } from '../helpers/every-query.ts';
import { type OwnStack, planOwnStack } from '../helpers/own-stack.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { MAY_BE_EMPTY } from './allowed-empty.ts';

let stack: OwnStack;
let running: RunningService;
let browser: Browser;
let consoleUrl: string;
let environment: Record<string, string>;

beforeAll(async () => {
  stack = await planOwnStack();
  environment = {
    ...stack.environment,
    // minutes of watching become seconds, and the model is saved soon
    REELSTREAM_ALERT_PROFILE: 'demo',
    REELSTREAM_RECOMMENDER_SNAPSHOT_EVENTS: '20000',
  };
  consoleUrl = `http://127.0.0.1:${environment.REELSTREAM_CONSOLE_PORT}`;
  [running, browser] = await Promise.all([
    startService(['start', '--rate', '300'], environment, null),
    openBrowser(),
  ]);
  const api = `http://127.0.0.1:${environment.REELSTREAM_RECOMMENDER_PORT}`;
  await waitUntil(
    () => `the model has learned the sample\n${running.said()}`,
    150_000,
    async () => {
      const asked = await Promise.all([
        fetch(`${api}/readyz`).catch(() => null),
        fetch(`${api}/api/v1/user/1/recommendations`).catch(() => null),
        fetch(consoleUrl).catch(() => null),
      ]);
      return asked.every((answer) => answer?.ok);
    },
  );
});
afterAll(async () => {
  await browser?.close();
  await running?.kill();
  await runProgram(['down'], stack.environment);
  stack.remove();
});

it('every query of every dashboard has an answer, or a reason for having none', async () => {
  let empty: [PanelQuery, string][] = everyQuery(join(projectRoot, 'dashboards/generated/grafana'))
    .filter(({ name }) => !(name in MAY_BE_EMPTY))
    .map((query) => [query, 'not asked yet']);
  expect(empty.length).toBeGreaterThan(80);
  const said = () => empty.map(([{ name }, why]) => `${name}: ${why}`).join('\n');
  await waitUntil(
    () => `answers to\n${said()}`,
    90_000,
    async () => {
      const again = empty.splice(0);
      const found: [PanelQuery, string | null][] = [];
      const work = async () => {
        for (let one = again.pop(); one; one = again.pop())
          found.push([one[0], await emptiness(consoleUrl, one[0], 'now-2h')]);
      };
      await Promise.all([work(), work(), work()]);
      empty = found.filter((one): one is [PanelQuery, string] => one[1] !== null);
      return empty.length === 0;
    },
  );
});

it('no reason stands for a query that is gone', () => {
  const names = everyQuery(join(projectRoot, 'dashboards/generated/grafana')).map(({ name }) => name);
  expect(Object.keys(MAY_BE_EMPTY).filter((name) => !names.includes(name))).toEqual([]);
});

/** A page whose faults, and whatever it asks of others, fail the test. */
async function withPage(width: number, work: (page: Page, asked: Request[]) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  const asked: Request[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // a refused form is a status, not a fault of the page
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => asked.push(request));
  try {
    await work(page, asked);
    expect(faults).toEqual([]);
    expect(asked.map((request) => new URL(request.url()).host)).toEqual(
      asked.map(() => new URL(page.url()).host),
    );
  } finally {
    await context.close();
  }
}

const open = (page: Page, hash: string) => page.goto(`${consoleUrl}/${hash}`);
const dataAsked = (asked: readonly Request[]) =>
  asked.filter((request) => request.url().includes('/console/data?'));

describe('in a browser', () => {
  it('a dashboard is drawn, seen through another span and topic, and kept fresh', () =>
    withPage(1_280, async (page, asked) => {
      await open(page, '#/dashboard/reelstream-overview?from=now-5m&refresh=0');
      await page.locator('.panel-timeseries canvas').first().waitFor();
      expect(await page.locator('.stat-value').first().textContent()).toMatch(/^\d/);
      expect(await page.title()).toBe('Overview · Reelstream');

      const range = page.getByRole('combobox', { name: 'Time' });
      await range.selectOption({ label: 'last 15 minutes' });
      await page.waitForURL(/from=now-15m/);
      const topic = page.getByRole('combobox', { name: 'Topic' });
      await topic.focus();
      await topic.selectOption('ratings');
      await page.waitForURL(/var-topic=ratings/);
      await page.locator('.panel-timeseries canvas').first().waitFor();
      await waitUntil('data of that span and topic', 10_000, () =>
        dataAsked(asked).some((request) => /from=now-15m.*var-topic=ratings/.test(request.url())),
      );
      // whoever chose by keyboard is still there
      await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'var-topic');

      await page.getByRole('combobox', { name: 'Refresh' }).selectOption('1');
      await page.waitForURL(/refresh=1/);
      await page.locator('.panel-timeseries canvas').first().waitFor();
      const before = dataAsked(asked).length;
      await waitUntil('it asks again by itself', 10_000, () => dataAsked(asked).length > before + 10);
    }));

  it('the crosshair is shared, and what a chart shows is there as a table', () =>
    withPage(1_280, async (page) => {
      await open(page, '#/dashboard/reelstream-kafka?from=now-5m&refresh=0');
      const panel = (title: string) =>
        page.locator('.panel').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
      const lag = panel('Lag by group');
      await lag.locator('canvas').waitFor();
      await panel('Lag by partition').locator('canvas').waitFor();
      await lag.locator('.u-over').hover();
      const time = await lag.locator('.legend-time').textContent();
      expect(time).toMatch(/^\d\d:\d\d:\d\d$/);
      expect(await panel('Lag by partition').locator('.legend-time').textContent()).toBe(time);
      expect(await panel('Partitions owned').locator('.segment').count()).toBeGreaterThan(0);
      await lag.getByRole('button', { name: 'Table' }).focus();
      await page.keyboard.press('Enter');
      await lag.getByRole('table').waitFor();
      expect(await lag.getByRole('row').count()).toBeGreaterThan(5);
    }));

  it('a question is answered, corrected and explained', () =>
    withPage(1_280, async (page) => {
      await open(page, '#/questions');
      await page.getByRole('link', { name: 'Revenue by genre by year' }).click();
      await page.getByRole('table').waitFor();
      await page.getByLabel('genre', { exact: true }).fill('Darma');
      await page.getByRole('button', { name: 'Ask' }).click();
      const fault = page.getByText('did you mean Drama?');
      await fault.waitFor();
      await page.waitForFunction(() => document.activeElement?.id === 'q-genre');
      await page.getByLabel('genre', { exact: true }).fill('Drama');
      await page.getByLabel('from', { exact: true }).fill('1990');
      await page.keyboard.press('Enter');
      await page.waitForURL(/genre=Drama/);
      await fault.waitFor({ state: 'detached' });
      await page.locator('.answer svg path').first().waitFor();
      expect(await page.locator('.answer').textContent()).toMatch(/revenue is known for .* films/);
      expect(await page.getByText('What the figures do not say').count()).toBe(1);
    }));

  it('a rating changes the list', () =>
    withPage(1_280, async (page) => {
      await open(page, '#/recommendations/1');
      const first = page.locator('.ranked .film').first();
      await first.waitFor();
      const movie = await first.getAttribute('data-movie');
      const stars = first.getByRole('slider');
      await stars.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.getByText(/The list changed: /).waitFor();
      expect(await page.locator(`.ranked [data-movie="${movie}"]`).count()).toBe(0);
      const rated = page.locator(`[aria-labelledby="history"] [data-movie="${movie}"]`);
      expect(await rated.getByRole('slider').getAttribute('aria-valuetext')).toBe('1.5 stars');
      // focus went along with the film
      expect(
        await page.evaluate(() =>
          document.activeElement?.closest('[data-movie]')?.getAttribute('data-movie'),
        ),
      ).toBe(movie);
      await rated.getByRole('button', { name: /Take back/ }).click();
      await rated.waitFor({ state: 'detached' });
    }));

  it('the API serves that page by itself', () =>
    withPage(1_280, async (page) => {
      await page.goto(`http://127.0.0.1:${environment.REELSTREAM_RECOMMENDER_PORT}/ui/?user=1`);
      await page.locator('.ranked .film').first().waitFor();
      expect(await page.locator('.stars').count()).toBeGreaterThan(3);
    }));

  it('alerts lead to their runbooks; everything fits on a telephone and works by keyboard', () =>
    withPage(360, async (page) => {
      const wide: string[] = [];
      const hashes = [
        ...DASHBOARD_UIDS.map((uid) => `#/dashboard/${uid}?from=now-5m&refresh=0`),
        '#/alerts',
        '#/alerts/PipelineStalled',
        '#/questions',
        '#/questions/company-year',
        '#/recommendations/1',
      ];
      for (const hash of hashes) {
        await open(page, hash);
        await page.getByRole('heading', { level: 1 }).waitFor();
        if (hash.startsWith('#/dashboard'))
          await page.locator('.panel-body > :not(.loading)').first().waitFor();
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 360) wide.push(`${hash}: ${width}`);
      }
      expect(wide).toEqual([]);
      await open(page, '#/alerts');
      await page.getByRole('link', { name: 'PipelineStalled' }).click();
      await page.getByRole('heading', { name: 'What to do' }).waitFor();

      expect(await page.getByRole('navigation').isVisible()).toBe(false);
      await page.getByRole('button', { name: 'Menu' }).press('Enter');
      await page.getByRole('link', { name: 'Throughput and dips' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Throughput and dips' }).waitFor();
      await page.waitForFunction(() => document.activeElement?.id === 'main');
    }));

  it('without Prometheus the rest is there, and a line says what is missing', async () => {
    const [port, nowhere] = await findFreePorts(2);
    const away = `http://127.0.0.1:${nowhere}`;
    const blind = await startService(
      ['console'],
      {
        ...environment,
        REELSTREAM_CONSOLE_PORT: String(port),
        REELSTREAM_PROMETHEUS_URL: away,
        REELSTREAM_ALERTMANAGER_URL: away,
      },
      `http://127.0.0.1:${port}/readyz`,
    );
    try {
      await withPage(1_280, async (page) => {
        await page.goto(`http://127.0.0.1:${port}/#/dashboard/reelstream-genres?refresh=0`);
        await page.locator('.panel-barchart .bar-fill').first().waitFor();
        expect(await page.getByRole('status').textContent()).toMatch(
          /Prometheus does not answer: .* Alertmanager does not answer: /,
        );
      });
    } finally {
      await blind.stop();
    }
  });
});
