import { ReelstreamError } from '../core/errors.ts';
import type { KafkaCluster } from './kafkajs-client.ts';
import { errorTypeOf } from './protocol-errors.ts';

/** What a group committed, by partition; without those that it never committed. */
export async function readCommitted(
  cluster: KafkaCluster,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  await cluster.refreshMetadata();
  const partitions = cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => ({ partition: partitionId }));
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] });
  const positions = responses
    .flatMap((answer) => answer.partitions)
    .map(({ partition, offset }) => [partition, Number(offset)] as const);
  return new Map(positions.filter(([, offset]) => offset >= 0));
}

/** Generation -1 is a commit from outside the group; the broker takes it while nobody is inside. */
export async function commitAsNobody(
  cluster: KafkaCluster,
  groupId: string,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Promise<void> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const partitions = [...positions].map(([partition, offset]) => ({ partition, offset: String(offset) }));
  try {
    await coordinator.offsetCommit({
      groupId,
      groupGenerationId: -1,
      memberId: '',
      topics: [{ topic, partitions }],
    });
  } catch (cause) {
    if (errorTypeOf(cause) !== 'UNKNOWN_MEMBER_ID') throw cause;
    throw new ReelstreamError('kafka', `group ${groupId} has members: stop them first`, { cause });
  }
}
