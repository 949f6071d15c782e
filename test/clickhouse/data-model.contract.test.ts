import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readDataModel, readDdlFiles } from '../../clickhouse/data-model.ts';
import { countOrphans, FOREIGN_KEYS, nameOfForeignKey } from '../../clickhouse/foreign-keys.ts';
import { systemClock } from '../../core/clock.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { batchOf, claimNew, FILMS, openTables, type TestTables } from './fixture.ts';

let tables: TestTables;
let clickhouse: ClickHouse;
beforeAll(async () => {
  tables = await openTables();
  ({ clickhouse } = tables);
});
afterAll(() => tables?.stop());

const model = readDataModel(readDdlFiles(join(projectRoot, 'clickhouse/ddl')));

describe('what is read from the DDL is what the database has', () => {
  it('tables with their columns, comments and keys', async () => {
    const columns = await clickhouse.query<{ table: string; name: string; type: string; comment: string }>(
      `SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}
       ORDER BY table, position`,
      { params: { tables: model.tables.map(({ name }) => name) } },
    );
    const bare = (type: string) => type.replace(/\s+/g, '');
    for (const table of model.tables) {
      const found = columns.filter((column) => column.table === table.name);
      expect([
        table.name,
        table.columns.map(({ name, type, comment }) => [name, bare(type), comment]),
      ]).toEqual([table.name, found.map(({ name, type, comment }) => [name, bare(type), comment])]);
    }
    const tables = await clickhouse.query<{
      name: string;
      engine: string;
      sorting_key: string;
      partition_key: string;
    }>(
      `SELECT name, engine, sorting_key, partition_key FROM system.tables
       WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree') AND name != 'schema_migrations' ORDER BY name`,
    );
    expect(
      model.tables
        .map(({ name, engine, sortingKey, partitionKey }) => [
          name,
          engine,
          sortingKey.join(', '),
          partitionKey,
        ])
        .sort(),
    ).toEqual(
      tables.map(({ name, engine, sorting_key, partition_key }) => [
        name,
        engine,
        sorting_key,
        partition_key,
      ]),
    );
  });

  it('and its views', async () => {
    const views = await clickhouse.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name",
    );
    expect(model.views.map(({ name }) => name).sort()).toEqual(views.map(({ name }) => name));
  });
});

describe('foreign keys', () => {
  /** A catalogue of the films that the test's records rate, and records of two slots. */
  beforeAll(async () => {
    const version = 1;
    const ids = (pick: (film: (typeof FILMS)[number]) => readonly number[]) => [
      ...new Set([0, ...FILMS.flatMap(pick)]),
    ];
    // films 41 to 44 are rated as well, see the fixture
    const films = [
      ...FILMS,
      ...[41, 42, 43, 44].map((movieId) => ({ movieId, genreIds: [], companyIds: [], releaseYear: 0 })),
    ];
    await clickhouse.insertRows('catalog_loads', [
      { version, load_id: '00000000-0000-4000-8000-000000000001' },
    ]);
    await clickhouse.insertRows('catalog_versions', [{ version }]);
    await clickhouse.insertRows(
      'catalog_movies',
      films.map(({ movieId, genreIds, companyIds }) => ({
        version,
        movie_id: movieId,
        tmdb_id: movieId + 1_000,
        genre_ids: genreIds.length === 0 ? [0] : genreIds,
        company_ids: companyIds.length === 0 ? [0] : companyIds,
      })),
    );
    await clickhouse.insertRows(
      'catalog_genres',
      ids((film) => film.genreIds).map((id) => ({ version, genre_id: id })),
    );
    await clickhouse.insertRows(
      'catalog_companies',
      ids((film) => film.companyIds).map((id) => ({ version, company_id: id })),
    );
    await clickhouse.insertRows('catalog_links', [
      { version, movie_id: 1, tmdb_id: 1_001 },
      { version, movie_id: 2, tmdb_id: 0 },
    ]);
    await clickhouse.insertRows('load_reports', [{ version, file: 'links.csv', outcome: 'loaded', rows: 2 }]);
    await clickhouse.insertRows('catalog_sources', [{ version, role: 'links' }]);
    await clickhouse.insertRows('catalog_cpi_coverage', [{ version, series: 'CPI' }]);
    const store = await createSinkStore(clickhouse, { clock: systemClock });
    const claimed = await claimNew(store, 2);
    await store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from: 0, to: 300 }))));
  });

  const orphans = async () =>
    Object.fromEntries(
      (await countOrphans(clickhouse))
        .filter((one) => one.orphans > 0)
        .map(({ foreignKey, orphans, examples }) => [nameOfForeignKey(foreignKey), [orphans, examples]]),
    );

  it('name columns that exist, and are all followed by what is written', async () => {
    const counts = await countOrphans(clickhouse);
    expect(counts).toHaveLength(FOREIGN_KEYS.length);
    expect(await orphans()).toEqual({});
    const unused = counts
      .filter(({ references }) => references === 0)
      .map(({ foreignKey }) => foreignKey.from);
    expect(unused.sort()).toEqual(['rebuilds', 'sealed_months']);
    const raw = counts.find(
      ({ foreignKey }) => foreignKey.from === 'events_raw' && foreignKey.to === 'streams',
    );
    expect(raw?.references).toBe(600);
  });

  it('show every orphan of every kind, with examples', async () => {
    await clickhouse.insertRows('catalog_links', [
      { version: 1, movie_id: 901, tmdb_id: 0 },
      { version: 1, movie_id: 902, tmdb_id: 1_003 },
      { version: 1, movie_id: 1, tmdb_id: 903 },
    ]);
    await clickhouse.insertRows('catalog_movies', [
      { version: 1, movie_id: 500, genre_ids: [0, 904, 904], company_ids: [905] },
    ]);
    await clickhouse.insertRows('load_reports', [{ version: 906, file: 'x', outcome: 'read', rows: 1 }]);
    await clickhouse.insertRows('catalog_sources', [{ version: 917, role: 'links' }]);
    await clickhouse.insertRows('catalog_cpi_coverage', [{ version: 918, series: 'CPI' }]);
    await clickhouse.insertRows('catalog_versions', [{ version: 0 }]);
    await clickhouse.insertRows('rebuilds', [{ slot: 907, ingest_month: 202601, tag: 'x', state: 'done' }]);
    await clickhouse.insertRows('sealed_months', [{ slot: 908, ingest_month: 202601, last_offset: 1 }]);
    await clickhouse.insertRows('slot_starts', [{ slot: 909, first_offset: 1 }]);
    await clickhouse.insertRows('fence', [{ slot: 910, epoch: 1 }]);
    const rated = {
      slot: 911,
      kafka_offset: 1,
      log_ts: '2026-01-01 00:00:00',
      ingested_at: '2026-01-01 00:00:00',
      verdict: 'ok',
      reason: 'none',
      kind: 'RATED',
      user_id: 1,
      movie_id: 912,
      ts: '2026-01-01 00:00:00',
      genre_ids: [913, 914],
      company_ids: [915],
      catalog_version: 916,
    };
    await clickhouse.insertRows('events_raw', [rated]);
    expect(await orphans()).toEqual({
      'links.movie_id -> movies.movie_id': [2, [901, 902]],
      'links.tmdb_id -> movies.tmdb_id': [1, [903]],
      'movies.genre_ids -> genres.genre_id': [2, [904]],
      'movies.company_ids -> companies.company_id': [1, [905]],
      'load_reports.version -> catalog_loads.version': [1, [906]],
      'catalog_sources.version -> catalog_loads.version': [1, [917]],
      'catalog_cpi_coverage.version -> catalog_loads.version': [1, [918]],
      'catalog_versions.version -> catalog_loads.version': [1, [0]],
      'rebuilds.slot -> streams.slot': [1, [907]],
      'sealed_months.slot -> streams.slot': [1, [908]],
      'slot_starts.slot -> streams.slot': [1, [909]],
      'fence.slot -> streams.slot (slot < 65533)': [1, [910]],
      'events_raw.slot -> streams.slot': [1, [911]],
      'agg_pipeline_minute.slot -> streams.slot': [1, [911]],
      // a film, two genres and a company of the one rating
      'agg_ratings_live.slot -> streams.slot': [4, [911]],
      'agg_ratings_day.slot -> streams.slot': [4, [911]],
      'agg_ratings_year.slot -> streams.slot': [3, [911]],
      'user_ratings.slot -> streams.slot': [1, [911]],
      "agg_ratings_day.id -> movies.movie_id (dimension = 'movie')": [1, [912]],
      "agg_ratings_day.id -> genres.genre_id (dimension = 'genre')": [2, [913, 914]],
      "agg_ratings_day.id -> companies.company_id (dimension = 'company')": [1, [915]],
      'events_raw.catalog_version -> catalog_versions.version': [1, [916]],
    });
  });
});
