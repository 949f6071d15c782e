import { expect } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { rebuild } from '../../clickhouse/rebuild.ts';
import { rewind } from '../../clickhouse/rewind.ts';
import type { ClaimedSlot, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import type { Clock } from '../../core/clock.ts';
import {
  batchOf,
  claimNew,
  type Death,
  dyingConnection,
  expectExact,
  FEBRUARY,
  FILMS,
  JANUARY,
  noBeat,
  numberOf,
  offsetOf,
} from './fixture.ts';

export interface RepairWorld {
  readonly clickhouse: ClickHouse;
  readonly store: SinkStore;
  readonly clock: Clock & { nowAtMs: number };
}

/** Before this one nothing of a repair is visible, and whatever it prepared is forgotten. */
const NOTE = /^INSERT INTO rebuilds/;

/** A newer catalogue: other genres, companies and years, film 44 new, film 3 gone. */
export async function loadCatalogue(clickhouse: ClickHouse): Promise<number> {
  const [newest] = await clickhouse.query<{ version: number }>(
    'SELECT max(version) AS version FROM catalog_versions',
  );
  const version = Math.max(1, newest!.version) + 1;
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

/** raw and its aggregates; each has a twin that is made sure of, swapped in and dropped */
const TABLES = 6;

/** Statements of a rebuild of one month from its note on: the note, those of the twins, done. */
export const REBUILD_STATEMENTS = 1 + 3 * TABLES + 1;

/** A catalogue rebuild dies in every slot at another statement; a claim of all slots leaves them whole, old or new. */
export async function rebuildDies(world: RepairWorld, deaths: readonly Death[]): Promise<void> {
  const { clickhouse, store, clock } = world;
  clock.nowAtMs = JANUARY;
  const claimed = await claimNew(store, deaths.length);
  await store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from: 0, to: 40 }))));
  const catalogVersion = await loadCatalogue(clickhouse);
  const options = await ownerOptions(clickhouse, clock);
  const months = { catalogVersion, fromMonth: null, toMonth: null };
  await dieInEach(claimed, deaths, REBUILD_STATEMENTS, (slot, death) =>
    rebuild({
      ...options,
      ...months,
      clickhouse: dyingConnection(clickhouse, death, NOTE),
      slots: [slot],
    }),
  );
  const slots = claimed.map(({ slot }) => slot);
  const again = await store.claim(slots, noBeat);
  expect(again.map(({ nextOffset }) => numberOf(nextOffset))).toEqual(slots.map(() => 40));
  await expectExact(clickhouse, slots);
  const rewritten = await clickhouse.query<{ slot: Slot; versions: number[] }>(
    `SELECT slot, groupUniqArray(catalog_version) AS versions FROM events_raw WHERE slot IN {slots:Array(UInt16)}
     GROUP BY slot ORDER BY slot`,
    { params: { slots } },
  );
  expect(rewritten.map(({ versions }) => versions)).toEqual(
    deaths.map((death) => [isNoted(death) ? catalogVersion : 1]),
  );
  await rebuild({ ...options, ...months, slots });
  await expectExact(clickhouse, slots);
  await expectNoTwins(clickhouse, slots);
}

/** Statements of a rewind over two months from its note on: one note, then each month as above. */
export const REWIND_STATEMENTS = 1 + 2 * (3 * TABLES + 1);

/** A rewind over months that alternate dies in every slot at another statement; a claim cuts all of it or nothing. */
export async function rewindDies(world: RepairWorld, deaths: readonly Death[]): Promise<void> {
  const { clickhouse, store, clock } = world;
  const claimed = await claimNew(store, deaths.length);
  for (const [i, nowAtMs] of [JANUARY, FEBRUARY, JANUARY, FEBRUARY].entries()) {
    clock.nowAtMs = nowAtMs;
    const runs = claimed.map(({ slot, epoch }) => ({ slot, epoch, from: i * 20, to: i * 20 + 20 }));
    await store.insert(batchOf(runs));
  }
  const options = await ownerOptions(clickhouse, clock);
  await dieInEach(claimed, deaths, REWIND_STATEMENTS, (slot, death) =>
    rewind({ ...options, clickhouse: dyingConnection(clickhouse, death, NOTE) }, slot, offsetOf(30)),
  );
  const slots = claimed.map(({ slot }) => slot);
  const again = await store.claim(slots, noBeat);
  expect(again.map(({ nextOffset }) => numberOf(nextOffset))).toEqual(
    deaths.map((death) => (isNoted(death) ? 30 : 80)),
  );
  await expectExact(clickhouse, slots);
  const rest = again.map(({ slot, epoch, nextOffset }) => ({
    slot,
    epoch,
    from: numberOf(nextOffset),
    to: 90,
  }));
  await store.insert(batchOf(rest));
  await expectExact(clickhouse, slots);
}

const isNoted = ({ at, mode }: Death) => at > 1 || mode === 'lost_answer';

async function dieInEach(
  claimed: readonly ClaimedSlot[],
  deaths: readonly Death[],
  statements: number,
  repair: (slot: Slot, death: Death) => Promise<unknown>,
): Promise<void> {
  for (const [i, { slot }] of claimed.entries()) {
    const death = deaths[i]!;
    const outcome = await repair(slot, death).then(
      () => 'done',
      ({ message }: Error) => message,
    );
    expect([death, outcome]).toEqual([death, death.at > statements ? 'done' : 'the process died here']);
  }
}

export async function expectNoTwins(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<void> {
  const twins = await clickhouse.query(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'next_')
       AND has({slots:Array(String)}, splitByChar('_', name)[2])`,
    { params: { slots: slots.map(String) } },
  );
  expect(twins).toEqual([]);
}
