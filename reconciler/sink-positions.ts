import type { ClickHouse } from '../clickhouse/connection.ts';
import { beginOf, newestStream, readStreams, type StreamPartition } from '../clickhouse/slots.ts';
import { readPositions } from '../clickhouse/standing.ts';

/** Where the sink stands in one Kafka partition, by the tables. */
export interface SinkPosition extends StreamPartition {
  /** highest offset that is durable; -1 for none */
  readonly last: number;
  /** offset that the sink reads next; null while nothing was ever sent for the slot */
  readonly next: number | null;
}

/** Partitions of the topic's newest stream; empty for a topic that no sink has seen. */
export async function readSinkPositions(
  clickhouse: ClickHouse,
  clusterId: string,
  topic: string,
): Promise<SinkPosition[]> {
  const stream = newestStream(await readStreams(clickhouse), clusterId, topic);
  const lasts = await readPositions(
    clickhouse,
    stream.map(({ slot }) => slot),
  );
  return stream.map((one) => {
    const last = lasts.get(one.slot) ?? -1;
    return { ...one, last, next: last >= 0 ? last + 1 : beginOf(one) };
  });
}
