import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireReadableAgain } from '../../cli/recover/readable-again.ts';
import { acceptLoss, acceptNewTopic } from '../../cli/recover/replace-stream.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { SinkStore } from '../../clickhouse/sink-store.ts';
import { type OwnerOptions, ownerOptions } from '../../clickhouse/under-fence.ts';
import type { LogProbe } from '../../consumers/log-probe.ts';
import { systemClock } from '../../core/clock.ts';
import {
  batchOf,
  type DeliveryTables,
  identities,
  noBeat,
  offsetOf,
  openDelivery,
  testRecord,
} from '../clickhouse/fixture.ts';

/** What `recover` asks of Kafka before it gives anything up, over real tables and a log that says what the test wants. */
let delivery: DeliveryTables;
let clickhouse: ClickHouse;
let store: SinkStore;
let owner: OwnerOptions;

beforeAll(async () => {
  delivery = await openDelivery();
  ({ clickhouse, store } = delivery);
  owner = await ownerOptions(clickhouse, systemClock);
});
afterAll(() => delivery?.stop());

interface Log {
  /** records [from, to) by number and partition; the rest of the log is gone or not there yet */
  readonly kept: readonly (readonly [from: number, to: number])[];
  /** partitions whose records are others than the tables have */
  readonly another?: readonly number[];
}

/** A log with the test's records: the slots of the first stream of a topic are its partitions, in order. */
function probeOf({ kept, another = [] }: Log, slots: readonly number[]): LogProbe {
  return {
    clusterId: async () => 'cluster',
    partitionCount: async () => kept.length,
    bounds: async () =>
      new Map(kept.map(([from, to], i) => [i, { start: offsetOf(from), end: offsetOf(to - 1) + 1 }])),
    async recordAt(_topic, partition, offset) {
      for (let number = 0; offsetOf(number) <= offset; number++) {
        if (offsetOf(number) !== offset) continue;
        const { record } = testRecord(slots[partition]!, number);
        return another.includes(partition) ? { ...record, logTsMs: record.logTsMs + 1 } : record;
      }
      return null;
    },
  };
}

/** A topic whose partitions have 50 records in the tables. */
async function topicInTables(topic: string, partitions: number): Promise<number[]> {
  const slots = [...(await store.slotsOf(identities(partitions, topic))).values()];
  const claimed = await store.claim(slots, noBeat);
  await store.insert(batchOf(claimed.map(({ slot, epoch }) => ({ slot, epoch, from: 0, to: 50 }))));
  return slots;
}
const nextOffsets = async (slots: readonly number[]) =>
  (await store.claim(slots, noBeat)).map(({ nextOffset }) => nextOffset);
const refused = (message: RegExp) => ({ code: 'usage', message: expect.stringMatching(message) });

describe('a new topic', () => {
  it('is accepted once, when the log shows it, and read from the start', async () => {
    const slots = await topicInTables('recreated', 2);
    const agrees = probeOf(
      {
        kept: [
          [0, 60],
          [0, 50],
        ],
      },
      slots,
    );
    await expect(acceptNewTopic(owner, agrees, 'recreated')).rejects.toMatchObject(refused(/log agrees/));
    const log = {
      kept: [
        [0, 60],
        [0, 30],
      ] as const,
      another: [0],
    };
    const accepted = await acceptNewTopic(owner, probeOf(log, slots), 'recreated');
    expect(accepted.recordsToRead).toBe(offsetOf(59) + 1 + offsetOf(29) + 1);
    expect(accepted.slots.some((slot) => slots.includes(slot))).toBe(false);
    expect(await nextOffsets(accepted.slots)).toEqual([null, null]);
    await expect(acceptNewTopic(owner, probeOf(log, slots), 'recreated')).rejects.toMatchObject(
      refused(/log agrees/),
    );
  });

  it('is not accepted while a partition still has the last row of the tables: that one was truncated', async () => {
    const slots = await topicInTables('truncated', 2);
    const probe = probeOf(
      {
        kept: [
          [0, 60],
          [0, 30],
        ],
      },
      slots,
    );
    await expect(acceptNewTopic(owner, probe, 'truncated')).rejects.toMatchObject(
      refused(new RegExp(`still the same topic.*--rewind ${slots[1]}`)),
    );
  });

  it('is accepted when it has fewer partitions, and never where the tables know nothing', async () => {
    const slots = await topicInTables('shrunk', 2);
    const probe = probeOf({ kept: [[0, 60]], another: [0] }, slots);
    expect((await acceptNewTopic(owner, probe, 'shrunk')).slots).toHaveLength(1);
    await expect(acceptNewTopic(owner, probe, 'unheard-of')).rejects.toMatchObject(refused(/do not know/));
  });
});

describe('a loss', () => {
  it('is accepted where the log begins behind the tables; the other partitions go on where they were', async () => {
    const slots = await topicInTables('overtaken', 2);
    const whole = probeOf(
      {
        kept: [
          [0, 60],
          [0, 60],
        ],
      },
      slots,
    );
    await expect(acceptLoss(owner, whole, 'overtaken')).rejects.toMatchObject(refused(/nothing .* is lost/));
    const probe = probeOf(
      {
        kept: [
          [58, 70],
          [20, 60],
        ],
      },
      slots,
    );
    const accepted = await acceptLoss(owner, probe, 'overtaken');
    expect(accepted.lostRecords).toBe(offsetOf(58) - offsetOf(49) - 1);
    expect(await nextOffsets(accepted.slots)).toEqual([offsetOf(58), offsetOf(49) + 1]);
    expect((await store.recentIds(accepted.slots[0]!, 0)).length).toBeGreaterThan(0);
  });
});

describe('a rewind', () => {
  it('is refused below the start of the log', async () => {
    const slots = await topicInTables('rewound', 1);
    const probe = probeOf({ kept: [[20, 60]] }, slots);
    const to = (number: number) => ({ slot: slots[0]!, offset: offsetOf(number) });
    await requireReadableAgain(clickhouse, probe, to(20));
    await expect(requireReadableAgain(clickhouse, probe, to(19))).rejects.toMatchObject(
      refused(/lost for good/),
    );
  });

  it('is refused in a slot that nobody reads any more, and in one of another cluster', async () => {
    const slots = await topicInTables('left', 1);
    const elsewhere = { ...probeOf({ kept: [[0, 60]] }, slots), clusterId: async () => 'other' };
    await expect(
      requireReadableAgain(clickhouse, elsewhere, { slot: slots[0]!, offset: 3 }),
    ).rejects.toMatchObject(refused(/cluster/));
    await store.slotsOf(identities(2, 'left'));
    const probe = probeOf(
      {
        kept: [
          [0, 60],
          [0, 60],
        ],
      },
      slots,
    );
    await expect(
      requireReadableAgain(clickhouse, probe, { slot: slots[0]!, offset: 3 }),
    ).rejects.toMatchObject(refused(/replaced/));
  });
});
