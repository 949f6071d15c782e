import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { slotComment } from '../../clickhouse/delivery-settings.ts';
import { drain, FENCE_GUARD, fenceParams, isFenced } from '../../clickhouse/fence.ts';
import type { ClaimedSlot, SinkStore } from '../../clickhouse/sink-store.ts';
import { systemClock } from '../../core/clock.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import {
  batchOf,
  claimNew,
  type DeliveryTables,
  expectExact,
  noBeat,
  numberOf,
  openDelivery,
} from './fixture.ts';

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
  claimed = await claimNew(store, 2);
});

const slots = () => claimed.map(({ slot }) => slot);

describe('a refusal', () => {
  const thrownBy = (work: Promise<void>) =>
    work.then(
      () => null,
      (thrown: unknown) => thrown,
    );

  it('by the guard is told from one by a CHECK, which has the same number', async () => {
    const old = claimed.map(({ slot, epoch }) => ({ slot, epoch: epoch - 1n }));
    const guard = `INSERT INTO check_results (name) SELECT 'x' WHERE ${FENCE_GUARD}`;
    const byGuard = await thrownBy(
      clickhouse.command(guard, {
        params: fenceParams(old),
        settings: { allow_custom_error_code_in_throwif: 1 },
      }),
    );
    const byCheck = await thrownBy(clickhouse.insertRows('catalog_sources', [{ rows_read: 1 }]));
    expect([byGuard, byCheck]).toMatchObject([{ details: { number: 469 } }, { details: { number: 469 } }]);
    expect([isFenced(byGuard), isFenced(byCheck)]).toEqual([true, false]);
  });
});

describe('a former owner', () => {
  it('whose INSERT is sent at the moment of the take-over is in before the position is read, or refused', async () => {
    const landed: boolean[] = [];
    for (let from = 0, round = 0; round < 8; round++) {
      const batch = batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from, to: from + 1_000 })));
      const sent = store.insert(batch).then(
        () => true,
        () => false,
      );
      if (round % 3 > 0) await systemClock.sleep(round * 4);
      claimed = await store.claim(slots(), noBeat);
      const position = numberOf(claimed[0]!.nextOffset);
      expect(claimed.map(({ nextOffset }) => numberOf(nextOffset))).toEqual([position, position]);
      // an answer is never wrong about it: what was refused is not in, what was accepted is
      expect([position, await sent]).toEqual([(await sent) ? from + 1_000 : from, await sent]);
      landed.push(await sent);
      const again = await store.claim(slots(), noBeat);
      expect(numberOf(again[0]!.nextOffset)).toBe(position);
      claimed = again;
      from = position;
    }
    expect(landed).toContain(true);
    await expectExact(clickhouse, slots());
  });

  it('cannot take a slot back with two claims at once: one of them loses', async () => {
    const other = await createSinkStore(clickhouse, { clock: systemClock });
    const [mine, theirs] = await Promise.allSettled([
      store.claim(slots(), noBeat),
      other.claim(slots(), noBeat),
    ]);
    const outcomes = [mine, theirs].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const accepted: boolean[] = [];
    for (const owner of outcomes) {
      const batch = batchOf(owner.map(({ slot, epoch }) => ({ slot, epoch, from: 0, to: 10 })));
      accepted.push(
        await store.insert(batch).then(
          () => true,
          () => false,
        ),
      );
    }
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });
});

describe('the drain', () => {
  const slow = (rest: string) =>
    clickhouse
      .command(
        'INSERT INTO check_results (name) SELECT toString(sleepEachRow(0.5)) FROM numbers(200) SETTINGS max_block_size = 1',
        {
          settings: { log_comment: rest, function_sleep_max_microseconds_per_block: 1_000_000_000 },
        },
      )
      .then(
        () => 'ended',
        () => 'killed',
      );
  const running = async () => {
    const [row] = await clickhouse.query<{ n: string }>(
      "SELECT count() AS n FROM system.processes WHERE position(query, 'check_results') > 0 AND query_kind = 'Insert'",
    );
    return Number(row!.n);
  };

  it('kills what does not end by itself, and returns when it is gone', async () => {
    const statement = slow(slotComment(clickhouse.database, [7, 123], 'old'));
    await waitUntil('the statement runs', 20_000, async () => (await running()) === 1);
    await drain(clickhouse, [123], { clock: systemClock, graceMs: 100, timeoutMs: 20_000 });
    expect(await statement).toBe('killed');
    expect(await running()).toBe(0);
  });

  it('waits for nothing that names other slots or another database', async () => {
    const other = slow(slotComment(clickhouse.database, [7, 12], 'old'));
    const elsewhere = slow(slotComment('elsewhere', [123], 'old'));
    await waitUntil('both statements run', 20_000, async () => (await running()) === 2);
    await drain(clickhouse, [123, 1], { clock: systemClock, graceMs: 100, timeoutMs: 5_000 });
    expect(await running()).toBe(2);
    await drain(clickhouse, [12], { clock: systemClock, graceMs: 0, timeoutMs: 20_000 });
    await clickhouse.command(
      "KILL QUERY WHERE position(query, 'check_results') > 0 AND query_kind = 'Insert' ASYNC",
    );
    expect(await Promise.all([other, elsewhere])).toEqual(['killed', 'killed']);
  });

  it('does not wait for a SELECT, whatever its comment says, nor for a comment without slots', async () => {
    const reading = clickhouse
      .query('SELECT sleepEachRow(0.5) FROM numbers(200) SETTINGS max_block_size = 1', {
        settings: {
          log_comment: slotComment(clickhouse.database, [0], 'old'),
          function_sleep_max_microseconds_per_block: 1_000_000_000,
        },
      })
      .then(
        () => 'ended',
        () => 'killed',
      );
    const nobodys = slow(slotComment(clickhouse.database, [], 'derive'));
    await waitUntil('the statements run', 20_000, async () => (await running()) === 1);
    await drain(clickhouse, [0], { clock: systemClock, graceMs: 60_000, timeoutMs: 2_000 });
    expect(await running()).toBe(1);
    await clickhouse.command("KILL QUERY WHERE position(query, 'sleepEachRow') > 0 ASYNC");
    expect(await Promise.all([reading, nobodys])).toEqual(['killed', 'killed']);
  });

  it('gives up at its deadline', async () => {
    const statement = slow(slotComment(clickhouse.database, [9], 'old'));
    await waitUntil('the statement runs', 20_000, async () => (await running()) === 1);
    const late = drain(clickhouse, [9], { clock: systemClock, graceMs: 60_000, timeoutMs: 200 });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    await drain(clickhouse, [9], { clock: systemClock, graceMs: 0, timeoutMs: 20_000 });
    await statement;
  });
});
