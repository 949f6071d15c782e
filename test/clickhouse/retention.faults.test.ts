import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit, type SealDifference } from '../../clickhouse/audit.ts';
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
  type Death,
  type DeliveryTables,
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
  openDelivery,
} from './fixture.ts';
import { loadCatalogue } from './repair-deaths.ts';

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
const SIXTY_EACH = [
  [202601, 60],
  [202602, 60],
  [202603, 60],
];
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
  beforeAll(() => threeMonths(4));

  /** what the first test takes from a sealed month: raw cannot give it back, so that the audit goes on seeing it */
  let lostForGood: SealDifference[] = [];

  it('loses its raw rows and keeps its aggregates; recovery, rebuild and audit go on around it', async () => {
    const sealed = slots().map((slot) => [slot, 202601, 'sealed']);
    const [slot] = slots();
    const window = await store.recentIds(slot!, offsetOf(179) + 1 - 50);
    expect(outcomes(await retainOf({ dryRun: true }))).toEqual(sealed);
    expect(await rawMonths(slot!)).toEqual([202601, 202602, 202603]);
    expect(outcomes(await retainOf())).toEqual(sealed);
    expect(await rawMonths(slot!)).toEqual([202602, 202603]);
    expect(await store.recentIds(slot!, offsetOf(179) + 1 - 50)).toEqual(window);
    const [, expected] = (await totals(slot!, 'agg_ratings_live'))[0]!;
    for (let i = 0; i < 3; i++) await loseNewestPart(clickhouse, 'agg_ratings_live', slot!);
    lostForGood = [{ slot: slot!, month: 202601, table: 'agg_ratings_live', expected: expected!, found: 0 }];
    await claimAgain();
    expect(claimed.map(({ nextOffset }) => nextOffset)).toEqual(slots().map(() => offsetOf(179) + 1));
    const months = { catalogVersion: 0, fromMonth: null, toMonth: null };
    await rebuild({ ...(await options()), ...months, slots: [slot!] });
    await claimAgain();
    expect(await totals(slot!)).toEqual(SIXTY_EACH);
    expect(await retainOf()).toEqual([]);
  });

  it('takes no new rows: a sink whose clock stands in it stops', async () => {
    clock.nowAtMs = JANUARY;
    await expect(send(180, 190)).rejects.toMatchObject({ code: 'halted' });
    clock.nowAtMs = MARCH;
  });

  it('holds the position when raw behind it is cut, and cannot be cut itself', async () => {
    const slot = slots()[1]!;
    for (const offset of [0, offsetOf(59)]) {
      await expect(rewind(await options(), slot, offset)).rejects.toMatchObject({ code: 'usage' });
    }
    await rewind(await options(), slot, offsetOf(59) + 1);
    await claimAgain();
    expect(claimed[1]).toMatchObject({ nextOffset: offsetOf(59) + 1, last: null });
    await send(60, 180, [claimed[1]!]);
    expect(await totals(slot)).toEqual([
      [202601, 60],
      [202603, 120],
    ]);
  });

  it('is compared by its control totals, which the audit turns red for and nothing can change', async () => {
    const { gaps, tables } = await audit(clickhouse, slots().slice(0, 2));
    expect([gaps, tables.filter(({ differing }) => differing > 0)]).toEqual([[], []]);
    const [slot, other] = slots().slice(2) as [number, number];
    const [, expected] = (await totals(other, 'agg_ratings_day'))[0]!;
    await losePart(clickhouse, 'agg_ratings_day', other, 0);
    const differing = [
      { slot: other, month: 202601, table: 'agg_ratings_day', expected, found: 0 },
      ...lostForGood,
    ];
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: false,
      gaps: [],
      sealed: { months: 4, differing },
    });
    expect(await recoverDeep(await options(), [slot, other])).toMatchObject([
      { slot, repairs: [], gaps: [] },
      { slot: other, repairs: [], gaps: [] },
    ]);
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

/** One slot each: first what happens to it, at the end one claim and one audit of all. */
describe('retention meets', () => {
  beforeAll(() => threeMonths(5));

  const rebuildOf = async (slot: Slot, through: ClickHouse, catalogVersion = 0) =>
    rebuild({ ...(await options(through)), slots: [slot], catalogVersion, fromMonth: null, toMonth: null });

  it('a swap that was not finished: it finishes it first', async () => {
    const slot = slots()[0]!;
    const catalogVersion = await loadCatalogue(clickhouse);
    const dead = interruptedConnection(clickhouse, /^ALTER TABLE agg_ratings_day REPLACE/, async () => {
      throw new Error('died here');
    });
    await expect(rebuildOf(slot, dead, catalogVersion)).rejects.toThrow('died here');
    await retainOf({ slots: [slot] });
    const [rewritten] = await clickhouse.query<{ n: string }>(
      `SELECT count() > 0 AS n FROM agg_ratings_day
       WHERE slot = {slot:UInt16} AND ingest_month = 202601 AND dimension = 'company' AND id = {newest:UInt32}`,
      { params: { slot, newest: 9_000 + catalogVersion } },
    );
    expect(rewritten).toEqual({ n: 1 });
  });

  it('a swap that was noted although its month is sealed: it is not carried out', async () => {
    const slot = slots()[1]!;
    await retainOf({ slots: [slot] });
    await clickhouse.insertRows('rebuilds', [
      { slot, ingest_month: 202601, tag: 'r1', catalog_version: 0, keep_below: null, state: 'swapping' },
    ]);
  });

  it('a rebuild that is running: the rebuild gives way', async () => {
    const slot = slots()[2]!;
    const through = interruptedConnection(clickhouse, /^INSERT INTO rebuilds/, async () => {
      await retainOf({ slots: [slot] });
    });
    await expect(rebuildOf(slot, through)).rejects.toMatchObject({
      code: 'fenced',
      message: expect.stringContaining('another rebuild'),
    });
  });

  it('a sink that takes its slot back: it takes it once more', async () => {
    const slot = slots()[3]!;
    const through = interruptedConnection(clickhouse, /^INSERT INTO sealed_months/, async () => {
      claimed[3] = (await store.claim([slot], noBeat))[0]!;
    });
    await retainOf({ slots: [slot], clickhouse: through });
    await expect(send(180, 190, [claimed[3]!])).rejects.toMatchObject({ code: 'fenced' });
  });

  it('an audit between the clones of two tables: the audit clones again', async () => {
    const slot = slots()[4]!;
    const through = interruptedConnection(clickhouse, /^CREATE TABLE audit_\d+_events_raw/, async () => {
      await retainOf({ slots: [slot] });
    });
    expect(await audit(through, [slot])).toMatchObject({ exact: true, sealed: { months: 1 } });
  });

  it('and leaves all of them whole', async () => {
    await claimAgain();
    for (const slot of slots()) expect([slot, await totals(slot)]).toEqual([slot, SIXTY_EACH]);
    expect(await audit(clickhouse, slots())).toMatchObject({
      exact: true,
      unfinished: [],
      sealed: { months: slots().length, differing: [] },
    });
  });
});

it('retention that dies at any statement: the next run does the rest', async () => {
  // lock, slot, slot again, seal, drop
  const deaths: readonly Death[] = [
    { at: 3, mode: 'lost_answer' },
    { at: 4, mode: 'not_sent' },
    { at: 4, mode: 'lost_answer' },
    { at: 5, mode: 'not_sent' },
    { at: 5, mode: 'lost_answer' },
  ];
  await threeMonths(deaths.length);
  for (const [i, slot] of slots().entries()) {
    const dead = dyingConnection(clickhouse, deaths[i]!);
    await expect(retainOf({ slots: [slot], clickhouse: dead })).rejects.toThrow('died here');
  }
  await claimAgain();
  expect(await audit(clickhouse, slots())).toMatchObject({ exact: true, sealed: { months: 3 } });
  await retainOf();
  for (const slot of slots()) {
    expect([await rawMonths(slot), await totals(slot)]).toEqual([[202602, 202603], SIXTY_EACH]);
  }
});
