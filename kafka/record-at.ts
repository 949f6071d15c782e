import type { LogRecord } from '../core/log-record.ts';
import { fetchFrom, type KafkaCluster } from './kafkajs-client.ts';
import { fetchErrorOf, ProtocolError } from './protocol-errors.ts';
import { readRecordSet } from './record-batch.ts';

/** A broker answers with at least one whole batch, however small the limit. */
const ONE_BATCH_BYTES = 1;

/**
 * Reads one record by its offset, beside every group: one fetch of one batch from whoever leads the partition now.
 * Null when there is none: outside the log, a marker, an aborted record, or gone by compaction.
 */
export async function readRecordAt(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<LogRecord | null> {
  await cluster.refreshMetadata();
  const metadata = cluster.findTopicPartitionMetadata(topic);
  const leader = metadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  if (leader < 0) throw new ProtocolError('LEADER_NOT_AVAILABLE');
  const { partitions } = await fetchFrom(cluster, leader, {
    topic,
    partitions: [{ partition, position: offset }],
    maxWaitMs: 0,
    maxBytes: ONE_BATCH_BYTES,
    maxBytesPerPartition: ONE_BATCH_BYTES,
    readCommitted: true,
  });
  const answer = partitions[0];
  if (!answer) throw new ProtocolError('LEADER_NOT_AVAILABLE');
  const error = fetchErrorOf(answer.errorCode);
  if (error === 'OFFSET_OUT_OF_RANGE') return null;
  if (error !== null) throw new ProtocolError(error);
  const [record] = readRecordSet(answer.recordSet, offset, answer.aborted).records;
  return record?.offset === offset ? record : null;
}
