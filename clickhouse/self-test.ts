import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { MAX_FAN_OUT } from '../core/flush-policy.ts';
import { OK } from '../core/verdict.ts';
import { type Aggregate, describeAggregates, RAW_TABLE } from './aggregates.ts';
import type { ClickHouse, Settings } from './connection.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { lostSlots, SELF_TEST_LOCK, takeEpoch } from './fence.ts';
import { createFilmIndex } from './film-index.ts';
import { insertBatch } from './insert-batch.ts';
import { createRawRowWriter } from './raw-row-writer.ts';
import { dropTablesNamed, SCRATCH_PREFIXES } from './scratch-tables.ts';
import type { FencedBatch } from './sink-store.ts';

export interface SelfTestResult {
  /** false: this server and schema passed before */
  readonly ran: boolean;
  readonly elapsedMs: number;
}

export interface SelfTestOptions {
  readonly clock?: Clock;
  /** rows of the batch that is tried: by default the largest that the sink may send */
  readonly rows?: number;
}

/** A test takes seconds; what takes longer than this has died, and its place is taken. */
const OTHERS_TURN_MS = 30_000;
const POLL_INTERVAL_MS = 200;

/**
 * Tries on scratch tables what the protocol takes for granted of the server: the largest batch is one part in every table, a
 * repeated request changes nothing anywhere, a failing view is an error and not a silence. Once per server version and schema:
 * of several that start together one tries, and the others wait for what it finds.
 * @throws ReelstreamError `halted` when the server behaves otherwise: a sink must not start on it
 */
export async function selfTest(
  clickhouse: ClickHouse,
  { rows = LARGEST_BATCH_ROWS, clock = systemClock }: SelfTestOptions = {},
): Promise<SelfTestResult> {
  const startedMs = clock.monotonicMs();
  const settings = await readDeliverySettings(clickhouse);
  const identity = await readIdentity(clickhouse, settings);
  const result = (ran: boolean) => ({ ran, elapsedMs: clock.monotonicMs() - startedMs });
  for (;;) {
    if (await hasPassed(clickhouse, identity)) return result(false);
    const lock = { slot: SELF_TEST_LOCK, epoch: await takeEpoch(clickhouse, [SELF_TEST_LOCK]) };
    try {
      await runOnScratch(clickhouse, settings, largestBatch(lock.epoch, rows));
      await clickhouse.insertRows('self_tests', [identity]);
      return result(true);
    } catch (thrown) {
      if ((await lostSlots(clickhouse, [lock])).length === 0) throw thrown;
    }
    const untilMs = clock.monotonicMs() + OTHERS_TURN_MS;
    while (clock.monotonicMs() < untilMs && !(await hasPassed(clickhouse, identity))) {
      await clock.sleep(POLL_INTERVAL_MS);
    }
  }
}

type Identity = Readonly<Record<'server_version' | 'schema_hash', string>>;

async function hasPassed(clickhouse: ClickHouse, identity: Identity): Promise<boolean> {
  const [passed] = await clickhouse.query<{ n: string }>(
    `SELECT count() AS n FROM self_tests
     WHERE server_version = {server_version:String} AND schema_hash = {schema_hash:String}`,
    { params: identity },
  );
  return passed?.n !== '0';
}

async function readIdentity(clickhouse: ClickHouse, settings: Settings): Promise<Identity> {
  const [row] = await clickhouse.query<{ version: string; tables: string[] }>(
    `SELECT version() AS version, arraySort(groupArray(create_table_query)) AS tables FROM system.tables
     WHERE database = {database:String} AND (endsWith(name, '_from_raw') OR name IN {tables:Array(String)})`,
    {
      params: {
        database: clickhouse.database,
        tables: [RAW_TABLE, ...(await describeAggregates(clickhouse)).map(({ table }) => table)],
      },
    },
  );
  const hash = createHash('sha256').update(JSON.stringify([row!.tables, settings]));
  return { server_version: row!.version, schema_hash: hash.digest('hex') };
}

async function runOnScratch(clickhouse: ClickHouse, settings: Settings, batch: FencedBatch): Promise<void> {
  const { epoch } = batch.slots[0]!;
  const aggregates = await describeAggregates(clickhouse);
  await dropTablesNamed(clickhouse, SCRATCH_PREFIXES.selfTest);
  const scratchOf = (table: string) => `${SCRATCH_PREFIXES.selfTest}${epoch}_${table}`;
  const tables = [RAW_TABLE, ...aggregates.map(({ table }) => table)].map(scratchOf);
  try {
    await createScratch(clickhouse, aggregates, scratchOf);
    const context = { clickhouse, settings, insertTimeoutMs: 60_000, table: scratchOf(RAW_TABLE) };
    const send = { ingestedAtMs: Date.UTC(2020, 0, 1), send: 1 };
    await insertBatch(context, batch, send);
    const once = await countParts(clickhouse, tables);
    requireThat(
      tables.every((table) => once.get(table)?.parts === 1),
      `the largest batch is not one part in every table: ${describe(once)}`,
    );
    await insertBatch(context, batch, send);
    const twice = await countParts(clickhouse, tables);
    requireThat(describe(twice) === describe(once), `a repeated request was not ignored: ${describe(twice)}`);
    await clickhouse.command(
      `CREATE MATERIALIZED VIEW ${scratchOf('failing')} TO ${scratchOf(aggregates[0]!.table)} AS
       SELECT throwIf(1) AS n FROM ${scratchOf(RAW_TABLE)}`,
    );
    const failed = await insertBatch(context, batch, { ...send, send: 2 }).then(
      () => false,
      () => true,
    );
    requireThat(failed, 'an INSERT whose view fails is reported as a success');
  } finally {
    await dropTablesNamed(clickhouse, scratchOf(''));
  }
}

async function createScratch(
  clickhouse: ClickHouse,
  aggregates: readonly Aggregate[],
  scratchOf: (table: string) => string,
): Promise<void> {
  const raw = scratchOf(RAW_TABLE);
  await clickhouse.command(`CREATE TABLE ${raw} AS ${RAW_TABLE}`);
  for (const { table, selectFrom } of aggregates) {
    await clickhouse.command(`CREATE TABLE ${scratchOf(table)} AS ${table}`);
    await clickhouse.command(
      `CREATE MATERIALIZED VIEW ${scratchOf(table)}_view TO ${scratchOf(table)} AS ${selectFrom(raw)}`,
    );
  }
}

const FILM_IDS = Array.from({ length: 10 }, (_, i) => i + 1);
/** With a genre and a company for each id and the film itself: MAX_FAN_OUT rows out of each of the wide views. */
const LARGEST_BATCH_ROWS = Math.floor(MAX_FAN_OUT / (2 * FILM_IDS.length + 1));

/** As many keys as rows, so that the views cannot shrink it. */
function largestBatch(epoch: bigint, rows: number): FencedBatch {
  const writer = createRawRowWriter(SELF_TEST_LOCK, 4_000_000);
  const hash = { hi: 0, lo: 0 };
  for (let offset = 0; offset < rows; offset++) {
    const spread = (id: number) => id * 1_000_000 + offset;
    const ids = FILM_IDS.map(spread);
    const facts = { movieId: offset, genreIds: ids, companyIds: ids, releaseYear: 0 };
    const event = {
      eventId: EVENT_ID,
      userId: offset,
      movieId: offset,
      kind: 'RATED' as const,
      rating: 3,
      tsMs: 0,
      source: '',
    };
    const record = { offset, logTsMs: offset * 60_000, key: null, value: null };
    const film = createFilmIndex(0, [facts]).film(offset);
    writer.append(record, hash, 0, { verdict: OK, event, late: false }, film);
  }
  const body = writer.take();
  const slots = [{ slot: SELF_TEST_LOCK, epoch, first: 0, last: rows - 1, rows, bytes: body.length }];
  return { rows, body, slots };
}

const EVENT_ID = new Uint8Array(16);

interface Counted {
  readonly parts: number;
  readonly rows: number;
}

async function countParts(clickhouse: ClickHouse, tables: readonly string[]): Promise<Map<string, Counted>> {
  const found = await clickhouse.query<{ table: string; parts: string; rows: string }>(
    `SELECT table, count() AS parts, sum(system.parts.rows) AS rows FROM system.parts
     WHERE active AND database = {database:String} AND table IN {tables:Array(String)} GROUP BY table ORDER BY table`,
    { params: { database: clickhouse.database, tables } },
  );
  return new Map(
    found.map(({ table, parts, rows }) => [table, { parts: Number(parts), rows: Number(rows) }]),
  );
}

const describe = (counted: ReadonlyMap<string, Counted>) =>
  [...counted].map(([table, { parts, rows }]) => `${table} ${parts} parts ${rows} rows`).join(', ');

function requireThat(holds: boolean, what: string): void {
  if (holds) return;
  throw new ReelstreamError('halted', `this ClickHouse cannot keep the delivery promise: ${what}`);
}
