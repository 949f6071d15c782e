import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { ClaimedSlot, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import {
  batchOf,
  claimNew,
  DERIVED_TABLES,
  type DeliveryTables,
  interruptedConnection,
  noBeat,
  offsetOf,
  openDelivery,
  testRecord,
} from './fixture.ts';
import { fold, readFolded } from './fold.ts';

let delivery: DeliveryTables;
let clickhouse: ClickHouse;
let store: SinkStore;
let claimed: ClaimedSlot[];

beforeAll(async () => {
  delivery = await openDelivery();
  ({ clickhouse, store } = delivery);
});
afterAll(() => delivery?.stop());

beforeEach(async () => {
  claimed = await claimNew(store, 3);
});

const slots = () => claimed.map(({ slot }) => slot);

const send = (from: number, to: number, owned = claimed) =>
  store.insert(batchOf(owned.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));

async function rawRows(): Promise<number> {
  const [row] = await clickhouse.query<{ n: string }>(
    'SELECT count() AS n FROM events_raw WHERE slot IN {slots:Array(UInt16)}',
    { params: { slots: slots() } },
  );
  return Number(row!.n);
}

describe('one INSERT over several slots', () => {
  it('fills every aggregate as a plain fold over the events does', async () => {
    await send(0, 300);
    await send(300, 301);
    await send(301, 900);
    expect(await readFolded(clickhouse)).toEqual(fold(new Map(slots().map((slot) => [slot, 900]))));
  });

  it('is one part per table and slot, also with the largest fan-out', async () => {
    await send(0, 20_000);
    const parts = await clickhouse.query<{ table: string; parts: string }>(
      `SELECT table, partition, count() AS parts FROM system.parts
       WHERE active AND database = currentDatabase() AND (table LIKE 'agg%' OR table IN ('events_raw', 'user_ratings'))
         AND toUInt16(splitByChar('-', partition_id)[1]) IN {slots:Array(UInt16)}
       GROUP BY table, partition`,
      { params: { slots: slots() } },
    );
    expect(parts).toHaveLength((DERIVED_TABLES.length + 1) * 3);
    expect(new Set(parts.map(({ parts }) => parts))).toEqual(new Set(['1']));
  });

  it('stores what the record says, byte for byte', async () => {
    await send(0, 400);
    const rows = await clickhouse.query<Record<string, unknown>>(
      `SELECT kafka_offset, skipped_before, lower(hex(event_id)) AS id, bytes, toString(verdict) AS verdict,
              toString(reason) AS reason, late, toString(kind) AS kind, user_id, movie_id, half_stars, source,
              toUnixTimestamp64Milli(ts) AS ts, toUnixTimestamp64Milli(log_ts) AS log_ts
       FROM events_raw WHERE slot = {slot:UInt16} ORDER BY kafka_offset`,
      { params: { slot: claimed[1]!.slot } },
    );
    expect(rows).toEqual(
      Array.from({ length: 400 }, (_, number) => {
        const { record, skippedBefore, judgement } = testRecord(claimed[1]!.slot, number);
        const { event, verdict, late } = judgement;
        return {
          kafka_offset: String(record.offset),
          skipped_before: String(skippedBefore),
          id: Buffer.from(event?.eventId ?? Buffer.alloc(16)).toString('hex'),
          bytes: record.value!.length,
          verdict: verdict.kind,
          reason: verdict.kind === 'ok' ? 'none' : verdict.reason,
          late,
          kind: event?.kind ?? 'NONE',
          user_id: event?.userId ?? 0,
          movie_id: event?.movieId ?? 0,
          half_stars: (event?.rating ?? 0) * 2,
          source: event?.source ?? '',
          ts: String(event?.tsMs ?? 0),
          log_ts: String(record.logTsMs),
        };
      }),
    );
  });

  it('gives back the ids of recent ok rows in the order of their offsets', async () => {
    await send(0, 500);
    const bytes = await store.recentIds(claimed[2]!.slot, offsetOf(450));
    const expected = Array.from({ length: 50 }, (_, i) => testRecord(claimed[2]!.slot, 450 + i)).filter(
      ({ judgement }) => judgement.verdict.kind === 'ok',
    );
    expect(bytes.length).toBe(expected.length * 24);
    expected.forEach(({ record, judgement }, i) => {
      expect(Number(bytes.readBigUInt64LE(i * 24))).toBe(record.offset);
      expect(bytes.subarray(i * 24 + 8, i * 24 + 24)).toEqual(Buffer.from(judgement.event!.eventId));
    });
  });
});

describe('the guard inside the INSERT', () => {
  const batch = () => batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from: 0, to: 100 })));

  it.each([0, 1, 299])('writes nothing when only %i of 300 rows arrive', async (rows) => {
    const whole = batch();
    const body = rows === 0 ? Buffer.alloc(0) : cutAfter(whole.body, rows);
    await expect(store.insert({ ...whole, body })).rejects.toMatchObject({ code: 'short_body' });
    expect(await rawRows()).toBe(0);
  });

  it('writes nothing when the body ends inside a row', async () => {
    const whole = batch();
    const body = whole.body.subarray(0, whole.body.length - 7);
    await expect(store.insert({ ...whole, body })).rejects.toMatchObject({ code: 'short_body' });
    expect(await rawRows()).toBe(0);
  });

  it('refuses an older epoch and names the lost slots', async () => {
    const stale = batch();
    const { slot } = claimed[1]!;
    await store.claim([slot], noBeat);
    await expect(store.insert(stale)).rejects.toMatchObject({
      code: 'fenced',
      details: { slots: String(slot) },
    });
    expect(await rawRows()).toBe(0);
    await send(0, 100, [claimed[0]!, claimed[2]!]);
    expect(await rawRows()).toBe(200);
  });

  /** Rows are as long as the writer says: what it has written after `rows` of them. */
  function cutAfter(body: Buffer, rows: number): Buffer {
    const first = batchOf([{ slot: 0, epoch: 0n, from: 0, to: Math.min(rows, 100) }]).body;
    if (rows <= 100) return body.subarray(0, first.length);
    const second = batchOf([{ slot: 1, epoch: 0n, from: 0, to: Math.min(rows - 100, 100) }]).body;
    if (rows <= 200) return body.subarray(0, first.length + second.length);
    const third = batchOf([{ slot: 2, epoch: 0n, from: 0, to: rows - 200 }]).body;
    return body.subarray(0, first.length + second.length + third.length);
  }
});

describe('audit', () => {
  const SPOILS = [
    [
      'agg_ratings_live',
      'INSERT INTO agg_ratings_live SELECT * FROM agg_ratings_live WHERE slot = {slot:UInt16}',
    ],
    [
      'agg_pipeline_minute',
      'INSERT INTO agg_pipeline_minute (slot, ingest_month, minute, n) SELECT slot, ingest_month, minute, 1 FROM agg_pipeline_minute WHERE slot = {slot:UInt16} LIMIT 1',
    ],
    [
      'agg_ratings_day',
      'INSERT INTO agg_ratings_day (slot, ingest_month, dimension, id, bucket, share, users) SELECT slot, ingest_month, dimension, id, bucket, share, bitmapBuild([toUInt32(999999)]) FROM agg_ratings_day WHERE slot = {slot:UInt16} LIMIT 1',
    ],
    [
      'agg_ratings_year',
      'INSERT INTO agg_ratings_year (slot, ingest_month, dimension, id, bucket, share, half_stars) SELECT slot, ingest_month, dimension, id, bucket, share, 1 FROM agg_ratings_year WHERE slot = {slot:UInt16} LIMIT 1',
    ],
    [
      'user_ratings',
      'INSERT INTO user_ratings (slot, ingest_month, user_id, movie_id) SELECT slot, ingest_month, 777, 1 FROM user_ratings WHERE slot = {slot:UInt16} LIMIT 1',
    ],
  ] as const;
  const ofSlot = (slot: Slot, sql: string) => clickhouse.command(sql, { params: { slot } });
  const scratch = () =>
    clickhouse.query(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'audit_%'",
    );

  it('finds live tables exact while the sink streams, and leaves nothing behind, also not of one that died', async () => {
    await clickhouse.command('CREATE TABLE audit_1_events_raw AS events_raw');
    let isAuditing = true;
    const stream = async () => {
      for (let from = 0; isAuditing && from < 9_000; from += 50) await send(from, from + 50);
    };
    const auditTwice = async () => {
      for (let i = 0; i < 2; i++) {
        expect(await audit(clickhouse, slots())).toMatchObject({ exact: true, gaps: [] });
      }
      isAuditing = false;
    };
    await Promise.all([stream(), auditTwice()]);
    expect(await scratch()).toEqual([]);
  });

  it('turns red for every planted difference, and names slot and table', async () => {
    claimed = await claimNew(store, SPOILS.length + 1);
    await send(0, 200);
    for (const [i, [, spoil]] of SPOILS.entries()) await ofSlot(slots()[i]!, spoil);
    const { exact, tables, gaps, rawRows } = await audit(clickhouse, slots());
    expect({ exact, gaps, rawRows }).toEqual({ exact: false, gaps: [], rawRows: 200 * claimed.length });
    const found = tables.map(({ table, months }) => [table, months.map(({ slot }) => slot)]);
    expect(found.sort()).toEqual(SPOILS.map(([table], i) => [table, [slots()[i]]]).sort());
  });

  it('turns red for rows of raw that are missing, and for one that is there twice', async () => {
    const { slot } = claimed[1]!;
    await send(0, 60);
    await send(80, 85, [claimed[1]!]);
    const { record, skippedBefore } = testRecord(slot, 80);
    const missing = { from: offsetOf(59) + 1, to: record.offset - skippedBefore - 1 };
    await ofSlot(
      slot,
      'INSERT INTO events_raw SELECT * FROM events_raw WHERE slot = {slot:UInt16} AND kafka_offset = 7',
    );
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: false,
      gaps: [
        { slot, from: 7, to: 7, missing: -1 },
        { slot, ...missing, missing: missing.to - missing.from + 1 },
      ],
    });
  });

  it('gives way to a second one, which then finds no leftovers of it', async () => {
    await send(0, 60);
    const through = interruptedConnection(clickhouse, /^ALTER TABLE audit_\d+_agg_ratings_live/, async () => {
      expect(await audit(clickhouse, slots())).toMatchObject({ exact: true });
    });
    await expect(audit(through, slots())).rejects.toMatchObject({ code: 'fenced', message: /another audit/ });
    expect(await scratch()).toEqual([]);
  });
});
