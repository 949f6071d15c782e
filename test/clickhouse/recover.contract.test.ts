import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeAggregates } from '../../clickhouse/aggregates.ts';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { readDeliverySettings } from '../../clickhouse/delivery-settings.ts';
import { fill } from '../../clickhouse/fill.ts';
import { recoverDeep, rewind } from '../../clickhouse/recover-deep.ts';
import { sealMonth } from '../../clickhouse/retention.ts';
import type { ClaimedSlot, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import {
  batchOf,
  claimNew,
  DERIVED_TABLES,
  loseNewestPart,
  movableClock,
  noBeat,
  numberOf,
  offsetOf,
  openDatabase,
  stopMerges,
} from './fixture.ts';
import { fold, readFolded } from './fold.ts';

const JANUARY = Date.UTC(2026, 0, 15);
const FEBRUARY = Date.UTC(2026, 1, 15);
const clock = movableClock(JANUARY);

let server: TestClickHouse;
let clickhouse: ClickHouse;
let store: SinkStore;
let claimed: ClaimedSlot[];

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
  claimed = await claimNew(store, 2);
});

const slots = () => claimed.map(({ slot }) => slot);
const send = (from: number, to: number) =>
  store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));
async function claimAgain(): Promise<ClaimedSlot[]> {
  claimed = await store.claim(slots(), noBeat);
  return claimed;
}
const expectExact = async () => {
  const report = await audit(clickhouse, slots());
  expect(report.tables.filter(({ differing }) => differing > 0)).toEqual([]);
  expect(report).toMatchObject({ exact: true, gaps: [] });
};

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
    const subsets = Array.from({ length: 1 << DERIVED_TABLES.length }, (_, subset) =>
      DERIVED_TABLES.filter((_, bit) => subset & (1 << bit)),
    );
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
    await expectExact();
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
    await expectExact();
  });

  it('is never taken for the repetition of a repair that died', async () => {
    await send(0, 50);
    await clickhouse.command('CREATE TABLE twice AS agg_ratings_live');
    const [aggregate] = (await describeAggregates(clickhouse)).filter(
      ({ table }) => table === 'agg_ratings_live',
    );
    const context = { clickhouse, settings: await readDeliverySettings(clickhouse), owned: [] };
    const run = { rawTable: 'events_raw', slot: slots()[0]!, after: -1, upTo: 100, month: null };
    for (let i = 0; i < 2; i++) await fill(context, { ...run, aggregate: aggregate!, target: 'twice' });
    const [once] = await clickhouse.query<{ n: string }>(
      `SELECT sum(t.n) / (SELECT sum(l.n) FROM agg_ratings_live AS l WHERE slot = {slot:UInt16}) AS n FROM twice AS t`,
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
    for (const table of ['agg_ratings_live', 'user_ratings']) {
      for (let i = 0; i < 3; i++) await loseNewestPart(clickhouse, table, slots()[1]!);
    }
    await claimAgain();
    await expectExact();
  });

  it('derives months anew whose aggregates hold more than raw, and reads the log again', async () => {
    await send(0, 50);
    clock.nowAtMs = FEBRUARY;
    await send(50, 80);
    await send(80, 120);
    await loseNewestPart(clickhouse, 'events_raw', slots()[0]!);
    await loseNewestPart(clickhouse, 'agg_ratings_day', slots()[0]!);
    const [first, second] = await claimAgain();
    expect(numberOf(first!.nextOffset)).toBe(80);
    expect(first!.repairs.map(({ kind }) => kind)).toContain('rebuilt');
    expect(second!.repairs).toEqual([]);
    await expectExact();
    const { slot, epoch } = first!;
    await store.insert(batchOf([{ slot, epoch, from: 80, to: 120 }]));
    await expectExact();
  });

  it('empties aggregates of which raw has nothing', async () => {
    await send(0, 40);
    await loseNewestPart(clickhouse, 'events_raw', slots()[0]!);
    const [first] = await claimAgain();
    expect(first).toMatchObject({ nextOffset: null, last: null });
    const [left] = await clickhouse.query<{ n: string }>(
      'SELECT count() AS n FROM agg_ratings_live WHERE slot = {slot:UInt16}',
      { params: { slot: slots()[0]! } },
    );
    expect(left!.n).toBe('0');
  });

  it('leaves sealed months alone', async () => {
    const options = await ownerOptions(clickhouse, clock);
    await send(0, 60);
    await expect(sealMonth(options, slots()[0]!, 202601)).rejects.toMatchObject({ code: 'usage' });
    clock.nowAtMs = FEBRUARY;
    await claimAgain();
    await send(60, 120);
    await sealMonth(options, slots()[0]!, 202601);
    await loseNewestPart(clickhouse, 'agg_ratings_live', slots()[0]!);
    await claimAgain();
    const sums = await clickhouse.query<{ month: number; n: string }>(
      `SELECT ingest_month AS month, sum(agg_pipeline_minute.n) AS n FROM agg_pipeline_minute
       WHERE slot = {slot:UInt16} GROUP BY month ORDER BY month`,
      { params: { slot: slots()[0]! } },
    );
    expect(sums).toEqual([
      { month: 202601, n: '60' },
      { month: 202602, n: '60' },
    ]);
    await expectExact();
    expect(
      (await recoverDeep(options, slots())).flatMap(({ gaps, repairs }) => [...gaps, ...repairs]),
    ).toEqual([]);
  });
});

describe('deep recovery', () => {
  beforeEach(async () => {
    await send(0, 100);
    await send(100, 200);
    await send(200, 300);
  });
  const options = () => ownerOptions(clickhouse, clock);
  const PARTS_IN_ORDER = `SELECT name AS part FROM system.parts
    WHERE active AND database = currentDatabase() AND table = {table:String}
      AND startsWith(partition_id, concat(toString({slot:UInt16}), '-')) ORDER BY min_block_number`;

  it('derives a month anew in which an aggregate lost a part from the middle', async () => {
    const parts = await clickhouse.query<{ part: string }>(PARTS_IN_ORDER, {
      params: { slot: slots()[0]!, table: 'agg_ratings_live' },
    });
    await clickhouse.command(`ALTER TABLE agg_ratings_live DROP PART '${parts[1]!.part}'`);
    const [ordinary] = await claimAgain();
    expect(ordinary!.repairs).toEqual([]);
    expect((await audit(clickhouse, slots())).exact).toBe(false);
    const [report] = await recoverDeep(await options(), slots());
    expect(report).toMatchObject({ gaps: [], repairs: [{ table: 'agg_ratings_live', kind: 'rebuilt' }] });
    await expectExact();
  });

  it('names a hole in raw; rewound to it, the slot reads the log again', async () => {
    const [slot] = slots();
    const parts = await clickhouse.query<{ part: string }>(PARTS_IN_ORDER, {
      params: { slot: slot!, table: 'events_raw' },
    });
    await clickhouse.command(`ALTER TABLE events_raw DROP PART '${parts[1]!.part}'`);
    const [report] = await recoverDeep(await options(), [slot!]);
    expect(report!.gaps).toHaveLength(1);
    const [gap] = report!.gaps;
    expect(gap).toMatchObject({ slot, from: offsetOf(99) + 1 });
    await rewind(await options(), slot!, gap!.from);
    const [first] = await claimAgain();
    expect(numberOf(first!.nextOffset)).toBe(100);
    await store.insert(batchOf([{ slot: slot!, epoch: first!.epoch, from: 100, to: 300 }]));
    await expectExact();
  });
});

type Step =
  | { readonly kind: 'send'; readonly counts: readonly number[] }
  | { readonly kind: 'crash'; readonly lost: readonly (readonly [table: number, slot: number])[] }
  | { readonly kind: 'month'; readonly february: boolean }
  | { readonly kind: 'stale' };

const table = fc.integer({ min: 0, max: DERIVED_TABLES.length });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('send' as const), counts: fc.tuple(fc.nat(60), fc.nat(60)) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      lost: fc.array(fc.tuple(table, fc.nat(1)), { maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('month' as const), february: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'stale' as const }) },
);

describe('whatever is sent, lost and claimed', () => {
  it('ends with every aggregate equal to its view over raw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        claimed = await claimNew(store, 2);
        const position = new Map<Slot, number>(slots().map((slot) => [slot, 0]));
        for (const one of steps) await run(one, position);
        await claimAgain();
        await expectExact();
      }),
      { numRuns: 4 },
    );
  }, 180_000);

  it('gives the plain fold of all records once they are sent again', async () => {
    const own = await openDatabase(server.url);
    const ownStore = await createSinkStore(own, { clock });
    await stopMerges(own);
    let [one] = await claimNew(ownStore, 1);
    for (let from = 0, round = 0; from < 600; round++) {
      await ownStore.insert(batchOf([{ slot: one!.slot, epoch: one!.epoch, from, to: from + 75 }]));
      await loseNewestPart(own, [...DERIVED_TABLES, 'events_raw'][round % 5]!, one!.slot);
      [one] = await ownStore.claim([one!.slot], noBeat);
      from = numberOf(one!.nextOffset);
      if (from === 300) clock.nowAtMs = FEBRUARY;
    }
    expect(await readFolded(own)).toEqual(fold(new Map([[one!.slot, 600]])));
    await own.close();
  });

  async function run(one: Step, position: Map<Slot, number>): Promise<void> {
    if (one.kind === 'month') {
      clock.nowAtMs = one.february ? FEBRUARY : JANUARY;
      return;
    }
    if (one.kind === 'send') {
      const runs = claimed.map(({ slot, epoch }, i) => {
        const from = position.get(slot)!;
        return { slot, epoch, from, to: from + one.counts[i]! };
      });
      const batch = batchOf(runs);
      if (batch.rows === 0) return;
      await store.insert(batch);
      for (const { slot, to } of runs) position.set(slot, to);
      return;
    }
    if (one.kind === 'stale') {
      const former = claimed[0]!;
      await claimAgain();
      const from = position.get(former.slot)!;
      const late = batchOf([{ slot: former.slot, epoch: former.epoch, from, to: from + 5 }]);
      await expect(store.insert(late)).rejects.toMatchObject({ code: 'fenced' });
      return;
    }
    for (const [index, slotIndex] of one.lost) {
      await loseNewestPart(clickhouse, [...DERIVED_TABLES, 'events_raw'][index]!, slots()[slotIndex]!);
    }
    for (const { slot, nextOffset } of await claimAgain()) {
      const number = numberOf(nextOffset);
      expect(number).toBeLessThanOrEqual(position.get(slot)!);
      position.set(slot, number);
    }
  }
});
