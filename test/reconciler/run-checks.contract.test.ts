import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../catalog/load.ts';
import { folderSource, localFile } from '../../catalog/sources/folder.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { CATALOGUE_CHECKS } from '../../reconciler/catalogue-checks.ts';
import { readChecks, runLoadChecks } from '../../reconciler/run-checks.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { openTables, type TestTables } from '../clickhouse/fixture.ts';

const DAY_MS = 86_400_000;
const MONDAY = Date.UTC(2026, 2, 2, 12);
const TABLES = 6;
/** the films of a version are not counted in it */
const WITH_HISTORY = 5;

let tables: TestTables;
let clickhouse: ClickHouse;
beforeAll(async () => {
  tables = await openTables();
  ({ clickhouse } = tables);
});
afterAll(() => tables?.stop());

/** As a load leaves the tables: `links` links, films and months, one genre and company. */
async function load(version: number, links: number, reported = links): Promise<void> {
  const ids = Array.from({ length: links }, (_, i) => i + 1);
  await clickhouse.insertRows(
    'catalog_movies',
    ids.map((id) => ({
      version,
      movie_id: id,
      tmdb_id: id,
      facts_from: 'tmdb',
      genre_ids: [1],
      company_ids: [1],
    })),
  );
  await clickhouse.insertRows('catalog_genres', [{ version, genre_id: 1, name: 'Drama' }]);
  await clickhouse.insertRows('catalog_companies', [{ version, company_id: 1, name: 'A company' }]);
  await clickhouse.insertRows(
    'catalog_links',
    ids.map((id) => ({ version, movie_id: id, tmdb_id: id })),
  );
  await clickhouse.insertRows('catalog_cpi', [{ version, series: 'CPI', month: '1999-01-01', value: 100 }]);
  const loaded = (role: string, rows: number) => ({
    version,
    role,
    rows_read: rows + 5,
    rows_loaded: rows,
    rows_dropped: 5,
  });
  await clickhouse.insertRows('catalog_sources', [
    loaded('links', reported),
    loaded('metadata', links),
    loaded('movies', links),
  ]);
  await clickhouse.insertRows('catalog_cpi_coverage', [{ version, series: 'CPI', months: 1 }]);
  await clickhouse.insertRows('catalog_versions', [
    { version, movies: links, matched: links, genres: 1, companies: 1, links, cpi_months: 1 },
  ]);
}

const run = async (nowMs: number) => {
  const results = await runLoadChecks(clickhouse, nowMs);
  return Object.fromEntries(results.map(({ name, outcome }) => [name, outcome]));
};
const outcomes = (results: Readonly<Record<string, string>>) =>
  ['passed', 'failed', 'skipped'].map(
    (one) => Object.values(results).filter((outcome) => outcome === one).length,
  );

describe('after a load', () => {
  beforeEach(async () => {
    for (const table of [
      'check_results',
      'checks',
      'catalog_versions',
      'catalog_sources',
      'catalog_movies',
      'catalog_links',
      'catalog_genres',
      'catalog_companies',
      'catalog_cpi',
      'catalog_cpi_coverage',
    ]) {
      await clickhouse.command(`TRUNCATE TABLE ${table}`);
    }
  });

  it('the table holds what the source gave; the first day has no yesterday', async () => {
    await load(1, 100);
    expect(outcomes(await run(MONDAY))).toEqual([TABLES, 0, TABLES + WITH_HISTORY]);
    // still Monday: a count of today is no yesterday
    expect(outcomes(await run(MONDAY + 1_000))).toEqual([TABLES, 0, TABLES + WITH_HISTORY]);
  });

  it('hold for the sample as the loader loads it', async () => {
    const source = await folderSource(join(projectRoot, 'data'));
    const deps = { clickhouse, clock: systemClock, logger: silentLogger };
    await loadCatalogue(source, deps);
    expect(outcomes(await run(MONDAY))).toEqual([TABLES, 0, TABLES + WITH_HISTORY]);
    // a later load of fewer films, wholly inside its own count, shows against what was there before
    await loadCatalogue(source, deps, { range: { from: '1990-01-01', to: null } });
    const later = await run(MONDAY + DAY_MS);
    const failed = Object.entries(later).filter(([, outcome]) => outcome === 'failed');
    expect(failed.map(([name]) => name)).toEqual([
      ...['movies', 'companies', 'links'].map((table) => `catalogue_before_${table}`),
      ...['movies', 'films', 'companies', 'links'].map((table) => `catalogue_yesterday_${table}`),
    ]);
  });

  it('hold for price files of any name, and with both series in one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reelstream-prices-'));
    const file = join(folder, 'fredgraph.csv');
    const months = Array.from({ length: 9 }, (_, i) => `2020-0${i + 1}-01,${100 + i},${200 + i}\n`);
    writeFileSync(file, `observation_date,CPIAUCSL,CUSR0000SS62031\n${months.join('')}2020-10-01,.,300\n`);
    const source = await folderSource(join(projectRoot, 'data'));
    const deps = { clickhouse, clock: systemClock, logger: silentLogger };
    const prices = { file: await localFile(file, 'fredgraph.csv'), label: file, revision: null };
    await loadCatalogue(source, deps, { cpi: [prices] });
    const results = await runLoadChecks(clickhouse, MONDAY);
    rmSync(folder, { recursive: true });
    expect(results.find(({ name }) => name === 'catalogue_source_cpi_monthly')).toMatchObject({
      outcome: 'passed',
      value: 19,
    });
  });

  it('a shorter delivery fails against yesterday, and a small table says nothing', async () => {
    await load(1, 100);
    await run(MONDAY);
    await load(2, 89);
    const results = await run(MONDAY + DAY_MS);
    expect(results).toMatchObject({
      catalogue_yesterday_movies: 'failed',
      catalogue_yesterday_links: 'failed',
      catalogue_yesterday_genres: 'skipped',
      catalogue_source_movies: 'passed',
    });
    const [stored] = await clickhouse.query(
      `SELECT left_side, operator, right_side, factor, severity, value, expectation, toString(outcome) AS outcome, detail
       FROM check_results WHERE name = 'catalogue_yesterday_links' ORDER BY checked_at DESC LIMIT 1`,
    );
    expect(stored).toEqual({
      left_side: 'table:links',
      operator: 'ge_ratio',
      right_side: 'yesterday:links',
      factor: 0.9,
      severity: 'ticket',
      value: 89,
      expectation: 90,
      outcome: 'failed',
      detail: 'table:links is 89; expected >= 0.9 x yesterday:links (100)',
    });
  });

  it('a shorter delivery fails on the first day as well, against the version before', async () => {
    await load(1, 100);
    await load(2, 89);
    expect(await run(MONDAY)).toMatchObject({
      catalogue_before_movies: 'failed',
      catalogue_before_links: 'failed',
      catalogue_before_genres: 'skipped',
      catalogue_yesterday_links: 'skipped',
    });
  });

  it('a table that lacks rows of its source fails', async () => {
    await load(1, 100, 101);
    await clickhouse.command(
      'ALTER TABLE catalog_movies DELETE WHERE movie_id = 7 SETTINGS mutations_sync = 1',
    );
    expect(await run(MONDAY)).toMatchObject({
      catalogue_source_links: 'failed',
      catalogue_source_movies: 'failed',
      catalogue_source_films: 'failed',
      catalogue_source_genres: 'passed',
    });
  });

  it('the table of checks changes an operator, switches one off and adds one', async () => {
    await load(1, 100);
    const mine = (name: string, more: object) => ({
      name,
      left_side: 'table:links',
      right_side: 'source:links',
      factor: 1,
      minimum: 0,
      severity: 'page',
      enabled: true,
      ...more,
    });
    await clickhouse.insertRows('checks', [
      mine('catalogue_source_links', { operator: '<' }),
      mine('catalogue_yesterday_links', { operator: '==', enabled: false }),
      mine('mine', { operator: 'within_ratio', factor: 0.05 }),
      mine('another', { operator: '>', right_side: '100' }),
      mine('wrong', { operator: 'about' }),
      mine('mistyped', { operator: 'nonzero', left_side: 'tabel:links' }),
      mine('mistyped_right', { operator: '==', right_side: 'sauce:links' }),
    ]);
    const results = await run(MONDAY);
    expect(results).toMatchObject({
      catalogue_source_links: 'failed',
      mine: 'passed',
      another: 'failed',
      wrong: 'failed',
      mistyped: 'failed',
      mistyped_right: 'failed',
    });
    expect(results).not.toHaveProperty('catalogue_yesterday_links');
    expect(await readChecks(clickhouse, CATALOGUE_CHECKS)).toHaveLength(CATALOGUE_CHECKS.length - 1 + 5);
  });
});
