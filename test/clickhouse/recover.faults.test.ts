import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeAggregates } from '../../clickhouse/aggregates.ts';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readDeliverySettings } from '../../clickhouse/delivery-settings.ts';
import { AUDIT_LOCK, takeEpoch } from '../../clickhouse/fence.ts';
import { fill } from '../../clickhouse/fill.ts';
import { recoverDeep } from '../../clickhouse/recover-deep.ts';
import { rewind } from '../../clickhouse/rewind.ts';
import type { ClaimedSlot, SinkStore } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import {
  batchOf,
  claimNew,
  DERIVED_TABLES,
  type DeliveryTables,
  expectExact,
  FEBRUARY,
  JANUARY,
  loseNewestPart,
  losePart,
  movableClock,
  noBeat,
  numberOf,
  offsetOf,
  openDelivery,
  stopMerges,
} from './fixture.ts';
import { fold, readFolded } from './fold.ts';

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
beforeEach(async () => {
  clock.nowAtMs = JANUARY;
  claimed = await claimNew(store, 2);
});

const slots = () => claimed.map(({ slot }) => slot);
const send = (from: number, to: number) =>
  store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));
async function claimAgain(): Promise<ClaimedSlot[]> {
  claimed = await store.claim(slots(), noBeat);
  return claimed;
}
const options = () => ownerOptions(clickhouse, clock);
const lose = (table: string, parts: number) =>
  Array.from({ length: parts }).reduce<Promise<void>>(
    (before) => before.then(() => loseNewestPart(clickhouse, table, slots()[0]!)),
    Promise.resolve(),
  );

describe('a claim', () => {
  it('says where the slot goes on, and shows its last row', async () => {
    expect(claimed).toMatchObject([
      { nextOffset: null, last: null, repairs: [] },
      { nextOffset: null, last: null, repairs: [] },
    ]);
    await send(0, 100);
    const [first] = await claimAgain();
    expect(first).toMatchObject({
      nextOffset: offsetOf(99) + 1,
      last: { offset: offsetOf(99) },
      repairs: [],
    });
  });

  it('ends with the error of a beat that fails', async () => {
    const beat = () => Promise.reject(new Error('no longer a member'));
    await expect(store.claim(slots(), beat)).rejects.toThrow('no longer a member');
  });
});

describe('recovery after a crash', () => {
  it('fills whatever aggregates miss the last batch, and then finds nothing left to do', async () => {
    const subsets = [[], ...DERIVED_TABLES.map((table) => [table]), DERIVED_TABLES];
    claimed = await claimNew(store, subsets.length);
    await send(0, 100);
    await send(100, 160);
    for (const [i, lost] of subsets.entries()) {
      for (const table of lost) await loseNewestPart(clickhouse, table, slots()[i]!);
    }
    const repaired = (await claimAgain()).map(({ repairs }) =>
      repairs.map(({ table, kind }) => `${kind} ${table}`),
    );
    expect(repaired.map((repairs) => repairs.sort())).toEqual(
      subsets.map((lost) => lost.map((table) => `filled ${table}`).sort()),
    );
    expect((await claimAgain()).flatMap(({ repairs }) => repairs)).toEqual([]);
    await expectExact(clickhouse, slots());
  });

  it('completes what an INSERT began whose view failed', async () => {
    await send(0, 50);
    await clickhouse.command('CREATE TABLE nowhere (x UInt8) ENGINE = MergeTree ORDER BY x');
    await clickhouse.command(
      'CREATE MATERIALIZED VIEW broken TO nowhere AS SELECT throwIf(kafka_offset > 60) AS x FROM events_raw',
    );
    await expect(send(50, 90)).rejects.toMatchObject({ code: 'clickhouse' });
    await clickhouse.command('DROP TABLE broken SYNC');
    for (const { nextOffset } of await claimAgain()) expect([50, 90]).toContain(numberOf(nextOffset));
    await expectExact(clickhouse, slots());
  });

  it('is never taken for the repetition of a repair that died', async () => {
    await send(0, 50);
    await clickhouse.command('CREATE TABLE audit_twice AS agg_ratings_live');
    const [aggregate] = (await describeAggregates(clickhouse)).filter(
      ({ table }) => table === 'agg_ratings_live',
    );
    const owned = [{ slot: AUDIT_LOCK, epoch: await takeEpoch(clickhouse, [AUDIT_LOCK]) }];
    const context = { clickhouse, settings: await readDeliverySettings(clickhouse), owned };
    const run = { rawTable: 'events_raw', slot: slots()[0]!, upTo: 100, month: null };
    const target = { aggregate: aggregate!, table: 'audit_twice', after: -1 };
    for (let i = 0; i < 2; i++) await fill(context, run, [target]);
    const [once] = await clickhouse.query<{ n: string }>(
      `SELECT sum(t.n) / (SELECT sum(l.n) FROM agg_ratings_live AS l WHERE slot = {slot:UInt16}) AS n FROM audit_twice AS t`,
      { params: { slot: slots()[0]! } },
    );
    expect(Number(once!.n)).toBe(2);
  });

  it('fills over months, also where the months alternate', async () => {
    await send(0, 50);
    clock.nowAtMs = FEBRUARY;
    await send(50, 80);
    clock.nowAtMs = JANUARY;
    await send(80, 100);
    clock.nowAtMs = FEBRUARY;
    await send(100, 130);
    for (const table of ['agg_ratings_live', 'user_ratings']) await lose(table, 3);
    await claimAgain();
    await expectExact(clickhouse, slots());
  });

  it('derives months anew whose aggregates hold more than raw, and reads the log again', async () => {
    await send(0, 50);
    clock.nowAtMs = FEBRUARY;
    await send(50, 80);
    await send(80, 120);
    await lose('events_raw', 1);
    await lose('agg_ratings_day', 1);
    const [first, second] = await claimAgain();
    expect(numberOf(first!.nextOffset)).toBe(80);
    expect(first!.repairs.map(({ kind }) => kind)).toContain('rebuilt');
    expect(second!.repairs).toEqual([]);
    await expectExact(clickhouse, slots());
    const { slot, epoch } = first!;
    await store.insert(batchOf([{ slot, epoch, from: 80, to: 120 }]));
    await expectExact(clickhouse, slots());
  });

  it('fills an aggregate that is behind before the months that are ahead hide it', async () => {
    await send(0, 20);
    await send(20, 40);
    clock.nowAtMs = FEBRUARY;
    await send(40, 60);
    await send(60, 80);
    await lose('events_raw', 1);
    await lose('agg_ratings_day', 3);
    const [first] = await claimAgain();
    expect(numberOf(first!.nextOffset)).toBe(60);
    await expectExact(clickhouse, slots());
  });

  it('empties aggregates of which raw has nothing, and goes on where the slot began', async () => {
    await store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from: 7, to: 40 }))));
    await lose('events_raw', 1);
    const [first] = await claimAgain();
    expect(first).toMatchObject({ nextOffset: offsetOf(7), last: null });
    const [left] = await clickhouse.query<{ n: string }>(
      'SELECT count() AS n FROM agg_ratings_live WHERE slot = {slot:UInt16}',
      { params: { slot: slots()[0]! } },
    );
    expect(left!.n).toBe('0');
  });
});

describe('deep recovery', () => {
  beforeEach(async () => {
    await send(0, 100);
    await send(100, 200);
    clock.nowAtMs = FEBRUARY;
    await send(200, 300);
  });

  it('derives anew the months that differ in any key: a lost part, another user with the same total', async () => {
    await losePart(clickhouse, 'agg_ratings_live', slots()[0]!, 1);
    await clickhouse.command(
      `INSERT INTO agg_ratings_day (slot, ingest_month, dimension, id, bucket, share, users)
       SELECT slot, ingest_month, dimension, id, bucket, share, bitmapBuild([toUInt32(999999)]) FROM agg_ratings_day
       WHERE slot = {slot:UInt16} AND ingest_month = 202602 LIMIT 1`,
      { params: { slot: slots()[1]! } },
    );
    expect((await claimAgain()).flatMap(({ repairs }) => repairs)).toEqual([]);
    expect(await recoverDeep(await options(), slots())).toMatchObject([
      { gaps: [], repairs: [{ table: 'agg_ratings_live', kind: 'rebuilt' }], kept: [] },
      { gaps: [], repairs: [{ table: 'agg_ratings_day', kind: 'rebuilt' }], kept: [] },
    ]);
    await expectExact(clickhouse, slots());
  });

  it('names a hole in raw; rewound to it, the slot reads the log again', async () => {
    const [slot] = slots();
    await losePart(clickhouse, 'events_raw', slot!, 1);
    const [report] = await recoverDeep(await options(), [slot!]);
    expect(report).toMatchObject({
      gaps: [{ slot, from: offsetOf(99) + 1, to: offsetOf(199) }],
      repairs: [],
      kept: [202601],
    });
    await rewind(await options(), slot!, report!.gaps[0]!.from);
    const [first] = await claimAgain();
    expect(numberOf(first!.nextOffset)).toBe(100);
    await store.insert(batchOf([{ slot: slot!, epoch: first!.epoch, from: 100, to: 300 }]));
    await expectExact(clickhouse, slots());
  });

  it('sees that raw lost its first rows, and leaves the aggregates that still have them', async () => {
    const [slot] = slots();
    await losePart(clickhouse, 'events_raw', slot!, 0);
    const gaps = [{ slot, from: 0, to: offsetOf(99) }];
    expect(await audit(clickhouse, slots())).toMatchObject({ exact: false, gaps });
    const [report] = await recoverDeep(await options(), [slot!]);
    expect(report).toMatchObject({ gaps, repairs: [], kept: [202601] });
    const [left] = await clickhouse.query<{ n: string }>(
      'SELECT sum(t.n) AS n FROM agg_pipeline_minute AS t WHERE slot = {slot:UInt16}',
      { params: { slot } },
    );
    expect(left!.n).toBe('300');
    const [told] = await recoverDeep(await options(), [slot!], { despiteGaps: true });
    expect(told!.repairs.map(({ kind }) => kind)).toEqual(Array(DERIVED_TABLES.length).fill('rebuilt'));
    expect(await audit(clickhouse, slots())).toMatchObject({ exact: false, gaps });
  });
});

describe('whatever is sent, lost and claimed', () => {
  it('gives the plain fold of all records once they are sent again', async () => {
    const own = await delivery.openAnother();
    const ownStore = await createSinkStore(own, { clock });
    await stopMerges(own);
    let [one] = await claimNew(ownStore, 1);
    for (let from = 0, round = 0; from < 500; round++) {
      await ownStore.insert(batchOf([{ slot: one!.slot, epoch: one!.epoch, from, to: from + 100 }]));
      await loseNewestPart(
        own,
        [...DERIVED_TABLES, 'events_raw'][round % (DERIVED_TABLES.length + 1)]!,
        one!.slot,
      );
      [one] = await ownStore.claim([one!.slot], noBeat);
      from = numberOf(one!.nextOffset);
      if (from === 300) clock.nowAtMs = FEBRUARY;
    }
    expect(await readFolded(own)).toEqual(fold(new Map([[one!.slot, 500]])));
    await own.close();
  });
});
