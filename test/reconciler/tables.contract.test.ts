import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { FAULT_REASONS } from '../../core/verdict.ts';
import { readCanaries } from '../../reconciler/canary.ts';
import { readCaught } from '../../reconciler/read-caught.ts';
import { readPeriods } from '../../reconciler/read-periods.ts';
import { readSettled } from '../../reconciler/read-settled.ts';
import { readTableBytes, SIZED_TABLES } from '../../reconciler/read-table-bytes.ts';
import { runAllChecks } from '../../reconciler/run-checks.ts';
import { readSinkPositions } from '../../reconciler/sink-positions.ts';
import { openTables, type TestTables } from '../clickhouse/fixture.ts';

const CLUSTER = 'a-cluster';
const TOPIC = 'ratings';
const HOUR_MS = 3_600_000;
/** Half past twelve, UTC: eleven to twelve is the last closed hour. */
const NOW_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS / 2;
const WHOLE = { rangeRecords: 1_000_000 };

let tables: TestTables;
let clickhouse: ClickHouse;
beforeAll(async () => {
  tables = await openTables();
  ({ clickhouse } = tables);
  await clickhouse.insertRows('streams', [
    { stream_id: 1, cluster_id: CLUSTER, topic: TOPIC, partition_count: 2, kafka_partition: 0, slot: 0 },
    { stream_id: 1, cluster_id: CLUSTER, topic: TOPIC, partition_count: 2, kafka_partition: 1, slot: 1 },
  ]);
  await clickhouse.insertRows('slot_starts', [
    { slot: 0, first_offset: 10 },
    { slot: 1, first_offset: 0 },
  ]);
});
afterAll(() => tables?.stop());

interface RawRow {
  readonly slot: number;
  readonly offset: number;
  readonly logTsMs: number;
  readonly skipped?: number;
  readonly canary?: boolean;
  /** why it is a dead letter */
  readonly reason?: string;
}

/** As the sink writes them: the views fill the aggregates. */
async function insert(rows: readonly RawRow[]): Promise<void> {
  await clickhouse.insertRows(
    'events_raw',
    rows.map(({ slot, offset, logTsMs, skipped = 0, canary = false, reason }) => ({
      slot,
      kafka_offset: offset,
      skipped_before: skipped,
      log_ts: new Date(logTsMs).toISOString(),
      ingested_at: new Date(NOW_MS).toISOString(),
      event_id: '0123456789abcdef',
      value_hash: offset,
      bytes: 40,
      verdict: canary ? 'drop' : reason ? 'dead_letter' : 'ok',
      reason: canary ? 'canary' : (reason ?? 'none'),
      kind: canary ? 'CANARY' : 'RATED',
      user_id: 1,
      movie_id: canary ? 0 : 7,
      half_stars: canary ? 0 : 8,
      ts: new Date(logTsMs).toISOString(),
      genre_ids: canary ? [] : [1],
      company_ids: canary ? [] : [2],
    })),
  );
}

const positions = () => readSinkPositions(clickhouse, CLUSTER, TOPIC);
/** A pipeline that is watched: a canary in every minute of the two hours before, then events. */
const canariesOf = (hoursAgo: number, firstOffset: number): RawRow[] =>
  Array.from({ length: 60 }, (_, minute) => ({
    slot: 1,
    offset: firstOffset + minute,
    logTsMs: NOW_MS - HOUR_MS / 2 - hoursAgo * HOUR_MS + minute * 60_000,
    canary: true,
  }));

describe('what a reconciler reads of the tables', () => {
  it('counts source and sink over the same offsets, whatever the log skipped', async () => {
    const at = NOW_MS - 2 * HOUR_MS;
    // offsets 12 to 14 are the markers of transactions
    await insert([
      { slot: 0, offset: 10, logTsMs: at },
      { slot: 0, offset: 11, logTsMs: at },
      { slot: 0, offset: 15, logTsMs: at, skipped: 3 },
    ]);
    await insert([...canariesOf(2, 0), ...canariesOf(1, 60)]);
    expect(await positions()).toMatchObject([
      { partition: 0, slot: 0, last: 15, next: 16 },
      { partition: 1, slot: 1, last: 119, next: 120 },
    ]);
    const both = { source: 123, sink: 123 };
    expect(await readSettled(clickhouse, await positions(), new Map(), WHOLE)).toEqual({
      events_raw: both,
      agg_pipeline_minute: both,
    });
    // a range that begins within a gap: 14 and 15 of the first slot, two of the other one
    const narrow = await readSettled(clickhouse, await positions(), new Map(), { rangeRecords: 2 });
    expect(narrow.events_raw).toEqual({ source: 3, sink: 3 });
  });

  it('finds the newest canary of each partition', async () => {
    const found = await readCanaries(clickhouse, await positions());
    expect(found).toEqual(new Map([[1, NOW_MS - HOUR_MS / 2 - 60_000]]));
  });

  it('counts closed periods without canaries, and knows which hours were watched', async () => {
    const options = { settleMs: 60_000, canaries: true };
    const { '1h': hour, '1d': day } = await readPeriods(clickhouse, NOW_MS, options);
    expect(hour.events_raw).toEqual({
      closed: { rows: 0, bytes: 0 },
      previous: { rows: 3, bytes: 120 },
      lastWeek: null,
    });
    expect(hour.agg_ratings_live.previous).toEqual({ rows: 3, bytes: null });
    expect(day.events_raw).toEqual({ closed: null, previous: null, lastWeek: null });
  });

  it('sizes every table that grows', async () => {
    const sizes = await readTableBytes(clickhouse);
    expect(sizes.get('events_raw')).toBeGreaterThan(0);
    expect([...sizes.keys()]).toEqual(SIZED_TABLES);
  });

  it('runs the checks of a file beside its own, and one that was switched off not', async () => {
    const check = (name: string, right: string) => ({
      name,
      left: 'previous_rows:events_raw:1h',
      operator: '>=' as const,
      right,
      factor: 1,
      minimum: 0,
      severity: 'ticket' as const,
    });
    const results = await runAllChecks(clickhouse, {
      fileChecks: { checks: [check('three', '3'), check('four', '4')], off: ['catalogue_source_links'] },
      nowMs: NOW_MS,
      pipeline: { ...WHOLE, settleMs: 60_000, canaryIntervalMs: 5_000, clusterId: CLUSTER, topic: TOPIC },
    });
    const outcomes = new Map(results.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes.get('three')).toBe('passed');
    expect(outcomes.get('four')).toBe('failed');
    expect(outcomes.has('catalogue_source_movies')).toBe(true);
    expect(outcomes.has('catalogue_source_links')).toBe(false);
  });

  it('misses a row that was lost, from the middle and from the settled end, and one that came twice', async () => {
    const before = await positions();
    const settled = new Map(before.map(({ slot, last }) => [slot, last]));
    const difference = async () => {
      const { events_raw } = await readSettled(clickhouse, await positions(), settled, WHOLE);
      return events_raw.source - events_raw.sink;
    };
    expect(await difference()).toBe(0);
    await clickhouse.command('ALTER TABLE events_raw DELETE WHERE slot = 1 AND kafka_offset IN (50, 119)', {
      settings: { mutations_sync: 2 },
    });
    expect(await difference()).toBe(2);
    await insert([{ slot: 1, offset: 49, logTsMs: NOW_MS, canary: true }]);
    expect(await difference()).toBe(1);
    // the aggregate has that one too many
    const { agg_pipeline_minute: aggregate } = await readSettled(clickhouse, before, settled, WHOLE);
    expect(aggregate.source - aggregate.sink).toBe(-1);
  });

  it('counts what was caught, of the topic as it is and as it was', async () => {
    const other = { stream_id: 2, cluster_id: CLUSTER, topic: 'another', partition_count: 1 };
    const wider = { stream_id: 3, cluster_id: CLUSTER, topic: 'widened', partition_count: 1 };
    await clickhouse.insertRows('streams', [
      { ...other, kafka_partition: 0, slot: 7 },
      { ...wider, kafka_partition: 0, slot: 8 },
      { ...wider, stream_id: 4, kafka_partition: 0, slot: 9 },
    ]);
    const at = NOW_MS - 3 * HOUR_MS;
    await insert([
      { slot: 7, offset: 0, logTsMs: at, reason: 'decode' },
      { slot: 8, offset: 0, logTsMs: at, reason: 'domain' },
      { slot: 8, offset: 1, logTsMs: at, canary: true },
      { slot: 9, offset: 2, logTsMs: at, reason: 'domain' },
      { slot: 9, offset: 3, logTsMs: at },
    ]);
    const nothing = Object.fromEntries(FAULT_REASONS.map((reason) => [reason, 0]));
    const caught = async (topic: string) => Object.fromEntries(await readCaught(clickhouse, CLUSTER, topic));
    expect(await caught('widened')).toEqual({ ...nothing, domain: 2 });
    expect(await caught('another')).toEqual({ ...nothing, decode: 1 });
    expect(await caught('never seen')).toEqual(nothing);
  });
});
