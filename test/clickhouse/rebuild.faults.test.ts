import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion, loadFilmIndex } from '../../clickhouse/film-index.ts';
import { rebuild } from '../../clickhouse/rebuild.ts';
import { recoverDeep } from '../../clickhouse/recover-deep.ts';
import { rewind } from '../../clickhouse/rewind.ts';
import type { ClaimedSlot, SinkStore } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import type { EventKind } from '../../core/rating-event.ts';
import {
  batchOf,
  claimNew,
  type DeliveryTables,
  dyingConnection,
  expectExact,
  FEBRUARY,
  interruptedConnection,
  JANUARY,
  loseNewestPart,
  MARCH,
  movableClock,
  noBeat,
  numberOf,
  offsetOf,
  openDelivery,
} from './fixture.ts';
import { expectNoTwins, loadCatalogue } from './repair-deaths.ts';

const clock = movableClock(JANUARY);

let delivery: DeliveryTables;
let clickhouse: ClickHouse;
let store: SinkStore;
let claimed: ClaimedSlot[];

beforeAll(async () => {
  delivery = await openDelivery({ clock, stopsMerges: true });
  ({ clickhouse, store } = delivery);
});
afterAll(() => delivery?.stop());

/** One for each test, all filled at once: records 0 to 39 in January, to 69 in February. */
const SLOTS = 13;
let untouched: ClaimedSlot[];
beforeAll(async () => {
  clock.nowAtMs = JANUARY;
  claimed = await claimNew(store, SLOTS);
  await send(0, 40);
  clock.nowAtMs = FEBRUARY;
  await send(40, 70);
  untouched = claimed;
});
const takeSlot = () => {
  clock.nowAtMs = FEBRUARY;
  claimed = untouched.splice(0, 1);
};

const slots = () => claimed.map(({ slot }) => slot);
const send = (from: number, to: number) =>
  store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));
const claimAgain = async () => {
  claimed = await store.claim(slots(), noBeat);
  return numberOf(claimed[0]!.nextOffset);
};
const options = async (through = clickhouse) => ({
  ...(await ownerOptions(clickhouse, clock)),
  clickhouse: through,
});
const rebuildAll = async (catalogVersion: number, through = clickhouse, fromMonth: number | null = null) =>
  rebuild({ ...(await options(through)), slots: slots(), catalogVersion, fromMonth, toMonth: null });
const rowsByVersion = () =>
  clickhouse.query<{ version: number; rows: string }>(
    `SELECT catalog_version AS version, count() AS rows FROM events_raw WHERE slot IN {slots:Array(UInt16)}
     GROUP BY version ORDER BY version`,
    { params: { slots: slots() } },
  );

describe('rebuild', () => {
  beforeEach(takeSlot);

  it('derives the aggregates anew, whatever they hold', async () => {
    await clickhouse.command(
      'INSERT INTO agg_ratings_day SELECT * FROM agg_ratings_day WHERE slot IN {slots:Array(UInt16)}',
      { params: { slots: slots() } },
    );
    expect((await audit(clickhouse, slots())).exact).toBe(false);
    const rebuilt = await rebuildAll(0);
    expect(rebuilt.map(({ month }) => month)).toEqual([202601, 202602]);
    await expectExact(clickhouse, slots());
    await expectNoTwins(clickhouse, slots());
  });

  it('of a later month leaves no hole in an aggregate that is being filled', async () => {
    for (let i = 0; i < 2; i++) await loseNewestPart(clickhouse, 'agg_ratings_day', slots()[0]!);
    const rebuilt = await rebuildAll(0, clickhouse, 202602);
    expect(rebuilt.map(({ month }) => month)).toEqual([202602]);
    await expectExact(clickhouse, slots());
  });

  it('forgets what it prepared when raw loses rows meanwhile, and the log brings them in another month', async () => {
    const through = interruptedConnection(clickhouse, /^INSERT INTO rebuilds/, async () => {
      await loseNewestPart(clickhouse, 'events_raw', slots()[0]!);
      const number = await claimAgain();
      clock.nowAtMs = MARCH;
      await send(number, 70);
    });
    await rebuildAll(0, through, 202602);
    await claimAgain();
    await expectExact(clickhouse, slots());
  });
});

describe('rebuild with a newer catalogue', () => {
  beforeEach(takeSlot);

  it('rewrites the ids of raw by the rule of the film index, and the aggregates with them', async () => {
    const newest = await loadCatalogue(clickhouse);
    expect(await latestCatalogVersion(clickhouse)).toBe(newest);
    expect((await rebuildAll(newest, clickhouse, 202602)).map(({ month }) => month)).toEqual([202602]);
    await expectExact(clickhouse, slots());
    expect((await rebuildAll(newest)).map(({ month }) => month)).toEqual([202601]);
    await expectIdsOf(newest);
    await expectExact(clickhouse, slots());
    expect(await rebuildAll(newest)).toEqual([]);
  });

  it('swaps nothing in that it had prepared before the slot was cut back', async () => {
    const newest = await loadCatalogue(clickhouse);
    const dead = dyingConnection(clickhouse, { at: 1, mode: 'not_sent' }, /^INSERT INTO rebuilds/);
    await expect(rebuildAll(newest, dead)).rejects.toThrow('died here');
    await rewind(await options(), slots()[0]!, offsetOf(20));
    expect(await claimAgain()).toBe(20);
    clock.nowAtMs = FEBRUARY;
    await send(20, 70);
    await rebuildAll(newest);
    await expectIdsOf(newest);
    await expectExact(clickhouse, slots());
  });

  it('writes nothing by a catalogue that is dropped while it works', async () => {
    const newest = await loadCatalogue(clickhouse);
    const through = interruptedConnection(clickhouse, /^CREATE TABLE IF NOT EXISTS next_/, () =>
      clickhouse.command(`ALTER TABLE catalog_movies DROP PARTITION ${newest}`),
    );
    await expect(rebuildAll(newest, through)).rejects.toMatchObject({ code: 'clickhouse' });
    expect(await rowsByVersion()).toEqual([{ version: 1, rows: '70' }]);
    await expectExact(clickhouse, slots());
  });

  it('leaves raw as it is when its catalogue is dropped before a claim can finish the swap', async () => {
    const newest = await loadCatalogue(clickhouse);
    const dead = dyingConnection(clickhouse, { at: 2, mode: 'not_sent' }, /^INSERT INTO rebuilds/);
    await expect(rebuildAll(newest, dead)).rejects.toThrow('died here');
    await clickhouse.command(`ALTER TABLE catalog_movies DROP PARTITION ${newest}`);
    expect(await claimAgain()).toBe(70);
    expect(await rowsByVersion()).toEqual([{ version: 1, rows: '70' }]);
    await expectExact(clickhouse, slots());
  });
});

describe('at the same time', () => {
  beforeEach(takeSlot);

  it('rebuild, deep recovery and rewind let it stream on, and nothing of it is lost', async () => {
    let isRepairing = true;
    let number = 70;
    const stream = async () => {
      while (isRepairing && number < 5_000) {
        try {
          await send(number, number + 20);
          number += 20;
        } catch {
          // as the sink does: anything unclean is doubt, a fenced slot is left alone for a while, a claim may be repeated
          await clock.sleep(500);
          number = await claimAgain().catch(() => number);
        }
      }
    };
    const repair = async () => {
      await rebuildAll(await loadCatalogue(clickhouse));
      await recoverDeep(await options(), slots());
      await rewind(await options(), slots()[0]!, offsetOf(50));
    };
    await Promise.all([
      stream(),
      repair().finally(() => {
        isRepairing = false;
      }),
    ]);
    number = await claimAgain();
    await send(number, number + 20);
    await expectExact(clickhouse, slots());
    await expectNoTwins(clickhouse, slots());
  }, 120_000);

  it('an audit clones again when a month was swapped between the clones of two tables', async () => {
    const newest = await loadCatalogue(clickhouse);
    const through = interruptedConnection(clickhouse, /^CREATE TABLE audit_\d+_events_raw/, async () => {
      await rebuildAll(newest);
    });
    expect(await audit(through, slots())).toMatchObject({ exact: true, unfinished: [] });
  });

  it('rewind prepares before it takes the slot', async () => {
    const statements: string[] = [];
    const through: ClickHouse = {
      ...clickhouse,
      async command(sql, given) {
        statements.push(sql);
        await clickhouse.command(sql, given);
      },
    };
    await rewind(await options(through), slots()[0]!, offsetOf(50));
    const takes = statements.flatMap((sql, i) => (sql.startsWith('INSERT INTO fence') ? [i] : []));
    const fills = statements.flatMap((sql, i) => (sql.startsWith('INSERT INTO next_') ? [i] : []));
    expect(takes).toHaveLength(2);
    expect(fills.length).toBeGreaterThan(3);
    expect(fills.every((i) => i < takes[1]!)).toBe(true);
  });

  it.each([
    ['while it prepares', /^INSERT INTO next_/],
    ['when it is ready', /^INSERT INTO rebuilds/],
  ])('rewind gives way to a rebuild that is started %s, and has cut nothing', async (_, before) => {
    const through = interruptedConnection(clickhouse, before, async () => {
      await rebuildAll(0);
    });
    await expect(rewind(await options(through), slots()[0]!, offsetOf(50))).rejects.toMatchObject({
      code: 'fenced',
    });
    expect(await claimAgain()).toBe(70);
    await expectExact(clickhouse, slots());
    await expectNoTwins(clickhouse, slots());
  });
});

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
  expect(rows).toHaveLength(70);
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
