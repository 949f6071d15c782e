import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { rebuild } from '../../clickhouse/rebuild.ts';
import { recoverDeep } from '../../clickhouse/recover-deep.ts';
import { type RetentionOptions, retain } from '../../clickhouse/retention.ts';
import { rewind } from '../../clickhouse/rewind.ts';
import type { ClaimedSlot, SinkStore, Slot } from '../../clickhouse/sink-store.ts';
import { ownerOptions } from '../../clickhouse/under-fence.ts';
import {
  batchOf,
  claimNew,
  type DeliveryServer,
  dyingConnection,
  FEBRUARY,
  interruptedConnection,
  JANUARY,
  loseNewestPart,
  losePart,
  MARCH,
  movableClock,
  noBeat,
  offsetOf,
  openDatabase,
  startDeliveryServer,
  stopMerges,
} from './fixture.ts';
import { loadCatalogue } from './repair-deaths.ts';

const clock = movableClock(JANUARY);

let server: DeliveryServer;
let clickhouse: ClickHouse;
let store: SinkStore;
let claimed: ClaimedSlot[];

beforeAll(async () => {
  server = await startDeliveryServer();
  clickhouse = await openDatabase(server.url);
  await stopMerges(clickhouse);
  store = await createSinkStore(clickhouse, { clock });
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
});

/** Records 0 to 59 in January, to 119 in February, to 179 in March. */
async function threeMonths(slots: number): Promise<void> {
  clock.nowAtMs = JANUARY;
  claimed = await claimNew(store, slots);
  await send(0, 60);
  clock.nowAtMs = FEBRUARY;
  await send(60, 120);
  clock.nowAtMs = MARCH;
  await send(120, 180);
}
const slots = () => claimed.map(({ slot }) => slot);
const send = (from: number, to: number, owned = claimed) =>
  store.insert(batchOf(owned.map(({ slot, epoch }) => ({ slot, epoch, from, to }))));
const claimAgain = async () => {
  claimed = await store.claim(slots(), noBeat);
};
const retainOf = async (more: Partial<RetentionOptions> = {}) =>
  retain({
    ...(await ownerOptions(clickhouse, clock)),
    slots: slots(),
    beforeMonth: 202602,
    keepOffsets: 50,
    ...more,
  });
const options = (through = clickhouse) =>
  ownerOptions(clickhouse, clock).then((one) => ({ ...one, clickhouse: through }));
const outcomes = (months: Awaited<ReturnType<typeof retain>>) =>
  months.map(({ slot, month, outcome }) => [slot, month, outcome]);
const rawMonths = async (slot: Slot) => {
  const rows = await clickhouse.query<{ month: number }>(
    'SELECT DISTINCT toYYYYMM(ingested_at) AS month FROM events_raw WHERE slot = {slot:UInt16} ORDER BY month',
    { params: { slot } },
  );
  return rows.map(({ month }) => month);
};
/** control totals of one aggregate by month */
const totals = async (slot: Slot, table = 'agg_pipeline_minute') => {
  const rows = await clickhouse.query<{ month: number; n: string }>(
    `SELECT ingest_month AS month, sum(t.n) AS n FROM ${table} AS t WHERE slot = {slot:UInt16}
     GROUP BY month ORDER BY month`,
    { params: { slot } },
  );
  return rows.map(({ month, n }) => [month, Number(n)]);
};

describe('a month that retention seals', () => {
  beforeEach(() => threeMonths(2));

  it('loses its raw rows and keeps its aggregates; recovery, rebuild and audit go on around it', async () => {
    const [slot] = slots();
    const window = await store.recentIds(slot!, offsetOf(179) + 1 - 50);
    expect(outcomes(await retainOf({ dryRun: true }))).toEqual(slots().map((one) => [one, 202601, 'sealed']));
    expect(await rawMonths(slot!)).toEqual([202601, 202602, 202603]);
    expect(outcomes(await retainOf())).toEqual(slots().map((one) => [one, 202601, 'sealed']));
    expect(await rawMonths(slot!)).toEqual([202602, 202603]);
    expect(await store.recentIds(slot!, offsetOf(179) + 1 - 50)).toEqual(window);
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: true,
      gaps: [],
      sealed: { months: 2, differing: [] },
    });
    for (let i = 0; i < 3; i++) await loseNewestPart(clickhouse, 'agg_ratings_live', slot!);
    await claimAgain();
    expect(claimed.map(({ nextOffset }) => nextOffset)).toEqual(slots().map(() => offsetOf(179) + 1));
    await rebuild({
      ...(await options()),
      slots: slots(),
      catalogVersion: 0,
      fromMonth: null,
      toMonth: null,
    });
    expect(await totals(slot!)).toEqual([
      [202601, 60],
      [202602, 60],
      [202603, 60],
    ]);
    expect(await retainOf()).toEqual([]);
  });

  it('is compared by its control totals, which the audit turns red for and nothing can change', async () => {
    const [slot, other] = slots();
    await retainOf();
    const [, expected] = (await totals(other!, 'agg_ratings_day'))[0]!;
    await losePart(clickhouse, 'agg_ratings_day', other!, 0);
    const differing = [{ slot: other, month: 202601, table: 'agg_ratings_day', expected, found: 0 }];
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: false,
      gaps: [],
      sealed: { months: 2, differing },
    });
    expect(await recoverDeep(await options(), slots())).toMatchObject([
      { slot, repairs: [], gaps: [] },
      { slot: other, repairs: [], gaps: [] },
    ]);
  });

  it('holds the position when raw behind it is cut, and cannot be cut itself', async () => {
    const [slot] = slots();
    await retainOf();
    for (const offset of [0, offsetOf(59)]) {
      await expect(rewind(await options(), slot!, offset)).rejects.toMatchObject({ code: 'usage' });
    }
    await rewind(await options(), slot!, offsetOf(59) + 1);
    await claimAgain();
    expect(claimed[0]).toMatchObject({ nextOffset: offsetOf(59) + 1, last: null });
    await send(60, 180, claimed.slice(0, 1));
    expect(await totals(slot!)).toEqual([
      [202601, 60],
      [202603, 120],
    ]);
    expect(await audit(clickhouse, slots())).toMatchObject({ exact: true, gaps: [] });
  });

  it('takes no new rows: a sink whose clock stands in it stops', async () => {
    await retainOf();
    await claimAgain();
    clock.nowAtMs = JANUARY;
    await expect(send(180, 190)).rejects.toMatchObject({ code: 'halted' });
    clock.nowAtMs = MARCH;
    await send(180, 190);
  });
});

describe('retention keeps', () => {
  it('what is recent, has a hole, a wrong total, or shares offsets with a month that stays', async () => {
    await threeMonths(4);
    const [recent, hole, differs, overlap] = slots() as [number, number, number, number];
    await losePart(clickhouse, 'events_raw', hole, 0);
    await losePart(clickhouse, 'agg_ratings_live', differs, 0);
    clock.nowAtMs = JANUARY;
    await send(180, 190, [claimed[3]!]);
    clock.nowAtMs = MARCH;
    expect(outcomes(await retainOf({ slots: [recent], keepOffsets: 135 }))).toEqual([
      [recent, 202601, 'recent'],
    ]);
    expect(outcomes(await retainOf({ slots: [hole, differs, overlap], beforeMonth: 202603 }))).toEqual([
      [hole, 202602, 'hole'],
      [differs, 202601, 'differs'],
      [differs, 202602, 'behind'],
      [overlap, 202601, 'overlap'],
      [overlap, 202602, 'overlap'],
    ]);
    expect(await rawMonths(differs)).toEqual([202601, 202602, 202603]);
  });

  it('nothing of months that alternate, once all of them are old: they go together', async () => {
    await threeMonths(1);
    clock.nowAtMs = FEBRUARY;
    await send(180, 190);
    clock.nowAtMs = MARCH;
    await send(190, 260);
    expect(outcomes(await retainOf({ beforeMonth: 202603 }))).toEqual([
      [slots()[0], 202601, 'sealed'],
      [slots()[0], 202602, 'overlap'],
    ]);
    await claimAgain();
    clock.nowAtMs = Date.UTC(2026, 3, 15);
    await send(260, 330);
    expect(outcomes(await retainOf({ beforeMonth: 202604 }))).toEqual([
      [slots()[0], 202602, 'sealed'],
      [slots()[0], 202603, 'sealed'],
    ]);
    expect(await audit(clickhouse, slots())).toMatchObject({ exact: true, sealed: { months: 3 } });
  });
});

describe('retention meets', () => {
  const expectSealed = async () => {
    expect(await totals(slots()[0]!)).toEqual([
      [202601, 60],
      [202602, 60],
      [202603, 60],
    ]);
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: true,
      unfinished: [],
      sealed: { months: slots().length, differing: [] },
    });
  };

  it('a swap that was not finished: it finishes it first', async () => {
    await threeMonths(1);
    const catalogVersion = await loadCatalogue(clickhouse);
    const dead = interruptedConnection(clickhouse, /^ALTER TABLE agg_ratings_day REPLACE/, async () => {
      throw new Error('died here');
    });
    const dying = rebuild({
      ...(await options(dead)),
      slots: slots(),
      catalogVersion,
      fromMonth: null,
      toMonth: null,
    });
    await expect(dying).rejects.toThrow('died here');
    await retainOf();
    await claimAgain();
    await expectSealed();
    const [rewritten] = await clickhouse.query<{ n: string }>(
      `SELECT count() > 0 AS n FROM agg_ratings_day
       WHERE slot = {slot:UInt16} AND ingest_month = 202601 AND dimension = 'company' AND id = {newest:UInt32}`,
      { params: { slot: slots()[0], newest: 9_000 + catalogVersion } },
    );
    expect(rewritten).toEqual({ n: 1 });
  });

  it('a swap that was noted although its month is sealed: it is not carried out', async () => {
    await threeMonths(1);
    await retainOf();
    const [slot] = slots();
    await clickhouse.insertRows('rebuilds', [
      { slot, ingest_month: 202601, tag: 'r1', catalog_version: 0, keep_below: null, state: 'swapping' },
    ]);
    await claimAgain();
    await expectSealed();
  });

  it('a rebuild that is running: the rebuild gives way', async () => {
    await threeMonths(1);
    const through = interruptedConnection(clickhouse, /^INSERT INTO rebuilds/, async () => {
      await retainOf();
    });
    const running = rebuild({
      ...(await options(through)),
      slots: slots(),
      catalogVersion: 0,
      fromMonth: null,
      toMonth: null,
    });
    await expect(running).rejects.toMatchObject({ code: 'fenced', message: /another rebuild/ });
    await claimAgain();
    await expectSealed();
  });

  it('a sink that takes its slot back: it takes it once more', async () => {
    await threeMonths(1);
    const through = interruptedConnection(clickhouse, /^INSERT INTO sealed_months/, claimAgain);
    await retainOf({ clickhouse: through });
    await expect(send(180, 190)).rejects.toMatchObject({ code: 'fenced' });
    await claimAgain();
    await expectSealed();
  });

  it('an audit between the clones of two tables: the audit clones again', async () => {
    await threeMonths(1);
    const through = interruptedConnection(clickhouse, /^CREATE TABLE audit_\d+_events_raw/, async () => {
      await retainOf();
    });
    expect(await audit(through, slots())).toMatchObject({ exact: true, sealed: { months: 1 } });
  });

  it.each(['not_sent', 'lost_answer'] as const)(
    'its own death at any statement: the next run does the rest (%s)',
    async (mode) => {
      const DEATHS = 5;
      await threeMonths(DEATHS);
      for (const [i, slot] of slots().entries()) {
        const through = dyingConnection(clickhouse, { at: i + 1, mode });
        await retainOf({ slots: [slot], clickhouse: through }).catch((thrown: Error) =>
          expect(thrown.message).toContain('died here'),
        );
      }
      await claimAgain();
      expect(await audit(clickhouse, slots())).toMatchObject({ exact: true });
      await retainOf();
      for (const slot of slots()) expect(await rawMonths(slot)).toEqual([202602, 202603]);
      await claimAgain();
      await expectSealed();
    },
  );
});
