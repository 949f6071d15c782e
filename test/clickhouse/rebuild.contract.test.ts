import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion, loadFilmIndex } from '../../clickhouse/film-index.ts';
import { parseMonth, rebuild } from '../../clickhouse/rebuild.ts';
import type { ClaimedSlot, SinkStore } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import type { EventKind } from '../../core/rating-event.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import {
  batchOf,
  claimNew,
  dyingConnection,
  FILMS,
  movableClock,
  noBeat,
  numberOf,
  openDatabase,
  stopMerges,
} from './fixture.ts';

const JANUARY = Date.UTC(2026, 0, 15);
const FEBRUARY = Date.UTC(2026, 1, 15);
const clock = movableClock(JANUARY);

let server: TestClickHouse;
let clickhouse: ClickHouse;
let store: SinkStore;
let claimed: ClaimedSlot[];
let version = 1;

beforeAll(async () => {
  server = await startTestClickHouse();
  clickhouse = await openDatabase(server.url);
  await stopMerges(clickhouse);
  store = await createSinkStore(clickhouse, { clock });
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
});
beforeEach(async () => {
  clock.nowAtMs = JANUARY;
  claimed = await claimNew(store, 1);
  await send(0, 80);
  clock.nowAtMs = FEBRUARY;
  await send(80, 150);
});

const slots = () => claimed.map(({ slot }) => slot);
const send = (from: number, to: number) =>
  store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));
const expectExact = async () =>
  expect(await audit(clickhouse, slots())).toMatchObject({ exact: true, gaps: [] });
const rebuildAll = async (catalogVersion: number, through = clickhouse) =>
  rebuild({
    ...(await ownerOptions(clickhouse, clock)),
    clickhouse: through,
    slots: slots(),
    catalogVersion,
    fromMonth: null,
    toMonth: null,
  });
const leftTwins = () =>
  clickhouse.query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'next\\\\_%'",
  );

/** A newer catalogue: other genres, companies and years, film 44 new, film 3 gone. */
async function loadCatalogue(): Promise<number> {
  version++;
  const films = [
    ...FILMS.filter(({ movieId }) => movieId !== 3),
    { movieId: 44, genreIds: [1], companyIds: [2], releaseYear: 1 },
  ];
  await clickhouse.insertRows(
    'catalog_movies',
    films.map(({ movieId, genreIds, companyIds, releaseYear }) => ({
      version,
      movie_id: movieId,
      genre_ids: genreIds.length === 0 ? [version] : genreIds.map((id) => id + version),
      company_ids: companyIds.length === 0 ? [0] : [...companyIds, 9_000 + version],
      release_year: releaseYear + version,
    })),
  );
  await clickhouse.insertRows('catalog_versions', [{ version }]);
  return version;
}

/** Every row of raw carries what the newest film index says about its film: the SQL rule and the program's are one. */
async function expectIdsOf(catalogVersion: number): Promise<void> {
  const index = await loadFilmIndex(clickhouse, catalogVersion);
  const rows = await clickhouse.query<{
    verdict: 'ok' | 'drop' | 'dead_letter';
    kind: EventKind | 'NONE';
    movie_id: number;
    genre_ids: number[];
    company_ids: number[];
    release_year: number;
    catalog_version: number;
  }>(
    `SELECT verdict, kind, movie_id, genre_ids, company_ids, release_year, catalog_version FROM events_raw
     WHERE slot IN {slots:Array(UInt16)}`,
    { params: { slots: slots() } },
  );
  expect(rows).toHaveLength(150);
  for (const row of rows) {
    const hasFilm = row.verdict !== 'dead_letter' && !['NONE', 'CANARY', 'USER_DELETED'].includes(row.kind);
    const film = hasFilm ? index.film(row.movie_id) : { genreIds: [], companyIds: [], releaseYear: 0 };
    expect([row.genre_ids, row.company_ids, row.release_year, row.catalog_version]).toEqual([
      film.genreIds,
      film.companyIds,
      film.releaseYear,
      catalogVersion,
    ]);
  }
}

describe('rebuild', () => {
  it('derives the aggregates anew, whatever they hold', async () => {
    await clickhouse.command(
      'INSERT INTO agg_ratings_day SELECT * FROM agg_ratings_day WHERE slot IN {slots:Array(UInt16)}',
      { params: { slots: slots() } },
    );
    expect((await audit(clickhouse, slots())).exact).toBe(false);
    const rebuilt = await rebuildAll(0);
    expect(rebuilt.map(({ month }) => month)).toEqual([202601, 202602]);
    await expectExact();
    expect(await leftTwins()).toEqual([]);
  });

  it('lets the sink stream on, and nothing of it is lost', async () => {
    let rebuilding = true;
    let number = 150;
    const stream = async () => {
      while (rebuilding && number < 5_000) {
        try {
          await send(number, number + 20);
          number += 20;
        } catch {
          // as the sink does: anything unclean is doubt, and a claim that fails is tried again
          const again = await store.claim(slots(), noBeat).catch(() => null);
          claimed = again ?? claimed;
          number = again ? numberOf(again[0]!.nextOffset) : number;
        }
      }
    };
    const streaming = stream();
    await rebuildAll(0);
    await rebuildAll(await loadCatalogue());
    rebuilding = false;
    await streaming;
    claimed = await store.claim(slots(), noBeat);
    expect(new Set(claimed.map(({ nextOffset }) => numberOf(nextOffset)))).toEqual(new Set([number]));
    await expectExact();
    expect(await leftTwins()).toEqual([]);
  }, 120_000);

  it('reads months', () => {
    expect(parseMonth('2026-02')).toBe(202602);
    for (const wrong of ['2026-13', '202602', 'may'])
      expect(() => parseMonth(wrong)).toThrow('is not a month');
  });
});

describe('rebuild with a newer catalogue', () => {
  it('rewrites the ids of raw by the rule of the film index, and the aggregates with them', async () => {
    const newest = await loadCatalogue();
    expect(await latestCatalogVersion(clickhouse)).toBe(newest);
    await rebuildAll(newest);
    await expectIdsOf(newest);
    await expectExact();
    expect(await rebuildAll(newest)).toEqual([]);
  });

  it('does only the months that are asked for', async () => {
    const newest = await loadCatalogue();
    const options = { ...(await ownerOptions(clickhouse, clock)), slots: slots(), catalogVersion: newest };
    const rebuilt = await rebuild({ ...options, fromMonth: 202602, toMonth: null });
    expect(rebuilt.map(({ month }) => month)).toEqual([202602]);
    await expectExact();
  });

  it.each(['not_sent', 'lost_answer'] as const)(
    'is finished by whoever comes next, wherever it died (%s)',
    async (mode) => {
      const whole = dyingConnection(clickhouse, Number.POSITIVE_INFINITY, mode);
      await rebuildAll(await loadCatalogue(), whole);
      for (
        let at = 3 + (mode === 'not_sent' ? 0 : 4);
        at <= whole.statements;
        at += Math.ceil(whole.statements / 2)
      ) {
        const newest = await loadCatalogue();
        await expect(rebuildAll(newest, dyingConnection(clickhouse, at, mode))).rejects.toThrow('died here');
        claimed = await store.claim(slots(), noBeat);
        expect(claimed.map(({ nextOffset }) => numberOf(nextOffset))).toEqual([150]);
        await expectExact();
        await rebuildAll(newest);
        await expectIdsOf(newest);
        await expectExact();
        expect(await leftTwins()).toEqual([]);
      }
    },
    240_000,
  );
});
