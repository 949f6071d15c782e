import { describe, expect, it } from 'vitest';
import { slotsIn, watchSlots } from '../../../cli/recommender/slots.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';
import { createManualClock } from '../../../core/clock.ts';
import { ReelstreamError } from '../../../core/errors.ts';
import { silentLogger } from '../../../core/logger.ts';

const stream = (streamId: number, firstSlot: number) =>
  [0, 1].map((partition) => ({
    streamId,
    clusterId: 'c',
    topic: 't',
    partitionCount: 2,
    partition,
    slot: firstSlot + partition,
    startOffset: null,
    firstOffset: null,
  }));

describe('slots', () => {
  it('are the partitions by number while nobody claimed the topic', () => {
    const { slotOf, partitionOf } = slotsIn([]);
    expect([slotOf(1), partitionOf(1)]).toEqual([1, 1]);
    const claimed = slotsIn(stream(2, 4));
    expect([claimed.slotOf(1), claimed.partitionOf(5), claimed.partitionOf(1)]).toEqual([5, 1, -1]);
  });

  it('follow what the sink claims later, and stay while ClickHouse is away', async () => {
    const clock = createManualClock();
    let rows: object[] | null = [];
    const query = async () => {
      if (rows === null) throw new ReelstreamError('unavailable', 'away');
      return rows;
    };
    const slots = await watchSlots({
      clickhouse: { query } as unknown as ClickHouse,
      clusterId: 'c',
      topic: 't',
      pollIntervalMs: 1_000,
      clock,
      logger: silentLogger,
    });
    expect(slots.slotOf(0)).toBe(0);
    rows = [...stream(1, 0), ...stream(2, 8)];
    await clock.advance(1_000);
    await Promise.resolve();
    expect([slots.slotOf(0), slots.partitionOf(9)]).toEqual([8, 1]);
    rows = null;
    await clock.advance(1_000);
    expect(slots.slotOf(0)).toBe(8);
    await slots.stop();
  });
});
