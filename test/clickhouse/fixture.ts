import { join } from 'node:path';
import { expect } from 'vitest';
import { describeAggregates, RAW_TABLE } from '../../clickhouse/aggregates.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import { compareWithRaw } from '../../clickhouse/compare.ts';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { createFilmIndex, type FilmFacts } from '../../clickhouse/film-index.ts';
import { findGaps } from '../../clickhouse/gaps.ts';
import { migrate, readMigrations } from '../../clickhouse/migrate.ts';
import { createRawRowWriter } from '../../clickhouse/raw-row-writer.ts';
import type { ClaimedSlot, FencedBatch, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { EventKind, RatingEvent } from '../../core/rating-event.ts';
import { valueHash } from '../../core/value-hash.ts';
import { deadLetter, drop, type Judgement, OK, type Verdict } from '../../core/verdict.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { idOf } from '../helpers/events.ts';
import { sharedClickHouse } from '../helpers/shared.ts';

export const migrations = readMigrations(join(projectRoot, 'clickhouse/ddl'));

let databases = 0;

/** A database of its own with every table. */
export async function openDatabase(url: string): Promise<ClickHouse> {
  const clickhouse = connectClickHouse({ url, database: `delivery_${process.pid}_${databases++}` });
  await migrate(clickhouse, migrations);
  return clickhouse;
}

/** A database with every table. */
export interface TestTables {
  /** of the server */
  readonly url: string;
  readonly clickhouse: ClickHouse;
  openAnother(): Promise<ClickHouse>;
  /** drops every database that was made */
  stop(): Promise<void>;
}

/** On the shared embedded server, or the stock one that REELSTREAM_TEST_CLICKHOUSE_URL names. */
export async function openTables(): Promise<TestTables> {
  const url = process.env.REELSTREAM_TEST_CLICKHOUSE_URL ?? (await sharedClickHouse());
  const clickhouse = await openDatabase(url);
  return {
    url,
    clickhouse,
    openAnother: () => openDatabase(url),
    async stop() {
      await clickhouse.close();
      await dropDatabases(url);
    },
  };
}

/** The store over them. */
export interface DeliveryTables extends TestTables {
  readonly store: SinkStore;
}

export interface DeliveryOptions {
  readonly clock?: Clock;
  /** one INSERT stays one part, so that a part is what a crash can take */
  readonly stopsMerges?: boolean;
}

export async function openDelivery({
  clock = systemClock,
  stopsMerges = false,
}: DeliveryOptions = {}): Promise<DeliveryTables> {
  const tables = await openTables();
  if (stopsMerges) await stopMerges(tables.clickhouse);
  return { ...tables, store: await createSinkStore(tables.clickhouse, { clock }) };
}

async function dropDatabases(url: string): Promise<void> {
  const clickhouse = connectClickHouse({ url, database: 'default' });
  for (let i = 0; i < databases; i++) {
    await clickhouse.command(`DROP DATABASE IF EXISTS delivery_${process.pid}_${i}`);
  }
  await clickhouse.close();
}

/**
 * Every aggregate of these slots equals what its view makes of raw, and no offset is missing: what an audit says of tables
 * that rest, for a tenth of its price. Not for slots with sealed months.
 */
export async function expectExact(clickhouse: ClickHouse, slots: readonly Slot[]): Promise<void> {
  const compared = (await describeAggregates(clickhouse)).map(async (aggregate) => {
    const { table } = aggregate;
    return { table, ...(await compareWithRaw(clickhouse, aggregate, table, RAW_TABLE, slots)) };
  });
  const differing = (await Promise.all(compared)).filter((one) => one.differing > 0);
  expect({ differing, gaps: await findGaps(clickhouse, slots) }).toEqual({ differing: [], gaps: [] });
}

export const FILMS: readonly FilmFacts[] = Array.from({ length: 40 }, (_, i) => ({
  movieId: i + 1,
  genreIds: Array.from({ length: i % 4 }, (_, k) => 10 + ((i + k * 3) % 7)),
  companyIds: Array.from({ length: i % 3 }, (_, k) => 100 + ((i * 5 + k) % 11)),
  releaseYear: 1980 + i,
}));
/** films 41 to 44 are not in it */
export const FILM_INDEX = createFilmIndex(1, FILMS);
const FILM_IDS = 44;

/** What one record of a test log is; everything follows from slot and offset. */
export interface TestRecord {
  readonly record: LogRecord;
  readonly skippedBefore: number;
  readonly judgement: Judgement;
}

/** One in about 40 records is preceded by a gap of two offsets, so offsets are not their own numbers. */
export function offsetOf(number: number): number {
  return number + Math.floor(number / 40) * 2;
}

const START_MS = Date.UTC(2026, 0, 31, 23, 50);

/** The record with this number in the log of a slot: mostly ratings, and some of everything else. */
export function testRecord(slot: Slot, number: number): TestRecord {
  const random = (salt: number, below: number) => mix(slot, number, salt) % below;
  const offset = offsetOf(number);
  const skippedBefore = number === 0 ? 0 : offset - offsetOf(number - 1) - 1;
  const logTsMs = START_MS + number * 700 + random(1, 300);
  const value = Buffer.alloc(20 + random(2, 30), number % 251);
  const record = { offset, logTsMs, key: null, value };
  return { record, skippedBefore, judgement: judge(random, number, slot, logTsMs) };
}

function judge(
  random: (salt: number, below: number) => number,
  number: number,
  slot: Slot,
  logTsMs: number,
): Judgement {
  const dice = random(3, 100);
  if (dice < 4) return { verdict: deadLetter('decode'), event: null, late: false };
  const kind: EventKind =
    dice < 6
      ? 'CANARY'
      : dice < 9
        ? 'UNRATED'
        : dice < 13
          ? 'WATCHED'
          : dice < 15
            ? 'UNWATCHED'
            : dice < 16
              ? 'USER_DELETED'
              : 'RATED';
  const aboutFilm = kind !== 'CANARY' && kind !== 'USER_DELETED';
  const event: RatingEvent = {
    eventId: idOf(slot * 1_000_000 + number),
    userId: 1 + random(4, 25),
    movieId: aboutFilm ? 1 + random(5, FILM_IDS) : 0,
    kind,
    rating: kind === 'RATED' ? random(6, 11) / 2 : null,
    tsMs: logTsMs - random(7, 5) * 86_400_000 - random(8, 60_000),
    source: number % 3 === 0 ? 'api' : 'test',
  };
  const verdict: Verdict = kind === 'CANARY' ? drop('canary') : dice > 96 ? drop('duplicate') : OK;
  return { verdict, event, late: random(9, 10) === 0 };
}

function mix(a: number, b: number, c: number): number {
  let h = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b) ^ Math.imul(c + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

export interface Run {
  readonly slot: Slot;
  readonly epoch: bigint;
  /** numbers of the first record and of the one behind the last */
  readonly from: number;
  readonly to: number;
}

/** The records of these runs as the sink would send them. */
export function batchOf(runs: readonly Run[]): FencedBatch {
  const sent = [...runs].sort((a, b) => a.slot - b.slot).filter(({ from, to }) => from < to);
  const hash = { hi: 0, lo: 0 };
  const bodies = sent.map(({ slot, from, to }) => {
    const writer = createRawRowWriter(slot);
    for (let number = from; number < to; number++) {
      const { record, skippedBefore, judgement } = testRecord(slot, number);
      valueHash(record.value, hash);
      writer.append(record, hash, skippedBefore, judgement, FILM_INDEX.filmOf(judgement));
    }
    return writer.take();
  });
  return {
    rows: sent.reduce((sum, { from, to }) => sum + to - from, 0),
    body: Buffer.concat(bodies),
    slots: sent.map(({ slot, epoch, from, to }, i) => ({
      slot,
      epoch,
      first: offsetOf(from),
      last: offsetOf(to - 1),
      rows: to - from,
      bytes: bodies[i]!.length,
    })),
  };
}

export const noBeat = async (): Promise<void> => {};

export function identities(partitions: number, topic = 'ratings', clusterId = 'cluster') {
  return Array.from({ length: partitions }, (_, partition) => ({
    clusterId,
    topic,
    partition,
    partitionCount: partitions,
  }));
}

let topics = 0;

/** Slots of a topic that no test had before, claimed: tests may then share a database. */
export async function claimNew(store: SinkStore, partitions: number): Promise<ClaimedSlot[]> {
  const slots = await store.slotsOf(identities(partitions, `ratings-${topics++}`));
  return store.claim([...slots.values()], noBeat);
}

/** Month of ingest as the test says; waits and deadlines as always. */
export function movableClock(nowMs: number): Clock & { nowAtMs: number } {
  const clock = { ...systemClock, nowAtMs: nowMs, nowMs: () => clock.nowAtMs };
  return clock;
}

export const DERIVED_TABLES = [
  'agg_pipeline_minute',
  'agg_ratings_live',
  'agg_ratings_day',
  'agg_ratings_year',
  'user_ratings',
];

/** From here on one INSERT stays one part, so that a part is what a crash can take. */
export async function stopMerges(clickhouse: ClickHouse): Promise<void> {
  for (const table of [...DERIVED_TABLES, 'events_raw']) {
    await clickhouse.command(`SYSTEM STOP MERGES ${clickhouse.database}.${table}`);
  }
}

export const JANUARY = Date.UTC(2026, 0, 15);
export const FEBRUARY = Date.UTC(2026, 1, 15);
export const MARCH = Date.UTC(2026, 2, 15);

/** Takes the newest part of a slot away, as a crash between two renames, or a lost write, does. */
export async function loseNewestPart(clickhouse: ClickHouse, table: string, slot: Slot): Promise<void> {
  const column = table === 'events_raw' ? 'kafka_offset' : 'applied_offset';
  const [newest] = await clickhouse.query<{ part: string }>(
    `SELECT _part AS part FROM ${table} WHERE slot = {slot:UInt16} ORDER BY ${column} DESC LIMIT 1`,
    { params: { slot } },
  );
  if (newest) await clickhouse.command(`ALTER TABLE ${table} DROP PART '${newest.part}'`);
}

/** Takes a part away by its place, months in order: 0 = the first that was written. */
export async function losePart(
  clickhouse: ClickHouse,
  table: string,
  slot: Slot,
  index: number,
): Promise<void> {
  const parts = await clickhouse.query<{ part: string }>(
    `SELECT name AS part FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String}
       AND startsWith(partition_id, concat(toString({slot:UInt16}), '-')) ORDER BY partition_id, min_block_number`,
    { params: { table, slot } },
  );
  await clickhouse.command(`ALTER TABLE ${table} DROP PART '${parts[index]!.part}'`);
}

/** Number of the first record that is not in raw. */
export function numberOf(position: number | null): number {
  let number = position === null ? 0 : Math.max(0, position - Math.ceil(position / 20) - 2);
  while (offsetOf(number) < (position ?? 0)) number++;
  return number;
}

/** A connection on which something happens once, before the first changing statement that matches. */
export function interruptedConnection(
  clickhouse: ClickHouse,
  before: RegExp,
  happens: () => Promise<void>,
): ClickHouse {
  let hasHappened = false;
  return {
    ...clickhouse,
    async command(sql, options) {
      if (!hasHappened && before.test(sql)) {
        hasHappened = true;
        await happens();
      }
      await clickhouse.command(sql, options);
    },
  };
}

export type Death = { readonly at: number; readonly mode: 'not_sent' | 'lost_answer' };

/**
 * A connection whose process dies at its nth changing statement: that one is sent (`lost_answer`) or not (`not_sent`), later
 * ones never are. Counts from 1, from the first statement that matches `from` on.
 */
export function dyingConnection(
  clickhouse: ClickHouse,
  { at, mode }: Death,
  from = /./,
): ClickHouse & { readonly statements: number } {
  let statements = 0;
  const guard =
    <Arguments extends unknown[]>(call: (...given: Arguments) => Promise<void>) =>
    async (...given: Arguments) => {
      if (statements > 0 || from.test(String(given[0]))) statements++;
      if (statements === at && mode === 'lost_answer') await call(...given);
      if (statements >= at) throw new ReelstreamError('unavailable', 'the process died here');
      await call(...given);
    };
  return {
    ...clickhouse,
    command: guard(clickhouse.command),
    insertRows: guard(clickhouse.insertRows),
    insertBytes: guard(clickhouse.insertBytes),
    get statements() {
      return statements;
    },
  };
}
