import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Slot } from '../../clickhouse/sink-store.ts';
import { systemClock } from '../../core/clock.ts';
import { batchOf, claimNew, expectExact, noBeat, numberOf, openDatabase } from '../clickhouse/fixture.ts';
import { fold, readFolded } from '../clickhouse/fold.ts';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';

let server: TestClickHouse;
let clickhouse: ClickHouse;

beforeAll(async () => {
  server = await startTestClickHouse();
  clickhouse = await openDatabase(server.url);
});
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
});

const KILLS = 4;
const BATCH_ROWS = 300;

it('is exact after the server was killed in the middle of INSERTs, again and again', async () => {
  let store = await createSinkStore(clickhouse, { clock: systemClock });
  let claimed = await claimNew(store, 3);
  const slots = claimed.map(({ slot }) => slot);
  const position = new Map<Slot, number>(slots.map((slot) => [slot, 0]));
  let repairs = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const dies = systemClock.sleep(150 + kill * 37).then(() => server.kill());
    for (;;) {
      const runs = claimed.map(({ slot, epoch }) => {
        const from = position.get(slot)!;
        return { slot, epoch, from, to: from + BATCH_ROWS };
      });
      const sent = await store.insert(batchOf(runs)).then(
        () => true,
        () => false,
      );
      if (!sent) break;
      for (const { slot, to } of runs) position.set(slot, to);
    }
    await dies;
    await server.restart();
    store = await createSinkStore(clickhouse, { clock: systemClock });
    claimed = await store.claim(slots, noBeat);
    for (const { slot, nextOffset, repairs: made } of claimed) {
      const number = numberOf(nextOffset);
      expect([position.get(slot)!, position.get(slot)! + BATCH_ROWS]).toContain(number);
      position.set(slot, number);
      repairs += made.length;
    }
    claimed = await store.claim(slots, noBeat);
    expect(claimed.flatMap(({ repairs: more }) => more)).toEqual([]);
  }
  await expectExact(clickhouse, slots);
  expect(await readFolded(clickhouse)).toEqual(fold(position));
  // the server was busy all the time: some kill has come between raw and the last view
  expect(repairs).toBeGreaterThan(0);
}, 180_000);
