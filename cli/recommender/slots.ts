import type { ClickHouse } from '../../clickhouse/connection.ts';
import { newestStream, readStreams } from '../../clickhouse/slots.ts';
import { toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** Kafka partition <-> slot, by the numbers that ClickHouse knows. */
export interface Slots {
  slotOf(partition: number): number;
  partitionOf(slot: number): number;
}

/**
 * Slots of the topic's newest stream. Where nobody has claimed the topic yet, or ClickHouse is away, the partitions' own numbers
 * stand in: those are what the first stream of a database is given.
 */
export async function readSlots(
  clickhouse: ClickHouse,
  clusterId: string,
  topic: string,
  logger: Logger,
): Promise<Slots> {
  const streams = await readStreams(clickhouse).catch((thrown: unknown) => {
    logger.warn({ error: toReelstreamError(thrown).message }, 'no slots known: partitions stand in for them');
    return [];
  });
  const stream = newestStream(streams, clusterId, topic);
  const slots = new Map(stream.map(({ partition, slot }) => [partition, slot]));
  const partitions = new Map(stream.map(({ partition, slot }) => [slot, partition]));
  return {
    slotOf: (partition) => slots.get(partition) ?? partition,
    partitionOf: (slot) => partitions.get(slot) ?? (slots.size === 0 ? slot : -1),
  };
}
