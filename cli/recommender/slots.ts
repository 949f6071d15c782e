import type { ClickHouse } from '../../clickhouse/connection.ts';
import { newestStream, readStreams, type StreamPartition } from '../../clickhouse/slots.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { startPolling } from './poll.ts';

/** Kafka partition <-> slot, by the numbers that ClickHouse knows. */
export interface Slots {
  slotOf(partition: number): number;
  /** -1 for one of another stream */
  partitionOf(slot: number): number;
  stop(): Promise<void>;
}

interface SlotsOptions {
  readonly clickhouse: ClickHouse;
  readonly clusterId: string;
  readonly topic: string;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Slots of the topic's newest stream, looked up again and again: the sink may claim the topic after this process began. Where
 * nobody has claimed it yet, or ClickHouse is away, the partitions' own numbers stand in: those are what the first stream of
 * a database is given.
 */
export async function watchSlots(options: SlotsOptions): Promise<Slots> {
  const { clickhouse, clusterId, topic, pollIntervalMs, clock, logger } = options;
  let slots = slotsIn([]);
  const look = async () => {
    slots = slotsIn(newestStream(await readStreams(clickhouse), clusterId, topic));
  };
  const polling = await startPolling(look, {
    intervalMs: pollIntervalMs,
    clock,
    onFailure: ({ message }) =>
      logger.warn({ error: message }, 'could not look for slots; those in use stay'),
  });
  return {
    slotOf: (partition) => slots.slotOf(partition),
    partitionOf: (slot) => slots.partitionOf(slot),
    stop: polling.stop,
  };
}

/** What a stream's partitions are called; without any, by their own numbers. */
export function slotsIn(stream: readonly StreamPartition[]): Omit<Slots, 'stop'> {
  const slots = new Map(stream.map(({ partition, slot }) => [partition, slot]));
  const partitions = new Map(stream.map(({ partition, slot }) => [slot, partition]));
  return {
    slotOf: (partition) => slots.get(partition) ?? partition,
    partitionOf: (slot) => partitions.get(slot) ?? (slots.size === 0 ? slot : -1),
  };
}
