import type { KafkaCluster } from './kafkajs-client.ts';

/** First offset that the log holds, and its high watermark: behind the last record, seen by readers or still in a transaction. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Bounds of every partition, by partition. Leaders and partitions are asked for each time: what the library remembers may be
 * five minutes old, in which a leader moves and partitions are added.
 */
export async function readLogBounds(
  cluster: KafkaCluster,
  topic: string,
): Promise<ReadonlyMap<number, LogBounds>> {
  await cluster.refreshMetadata();
  const partitions = cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => ({ partition: partitionId }));
  const offsets = async (fromBeginning: boolean) => {
    const answers = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
    return new Map(
      answers.flatMap((answer) => answer.partitions).map((one) => [one.partition, Number(one.offset)]),
    );
  };
  const ends = await offsets(false);
  const starts = await offsets(true);
  return new Map([...ends].map(([partition, end]) => [partition, { start: starts.get(partition)!, end }]));
}
