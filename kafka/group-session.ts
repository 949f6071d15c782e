import { AssignerProtocol, type Cluster, type Logger as LibraryLogger, PartitionAssigners } from 'kafkajs';
import type { Coordinator, GroupJoin, KafkaCluster } from './kafkajs-client.ts';

/** What a member holds from one assignment to the next. */
export interface GroupSession {
  readonly memberId: string;
  readonly generationId: number;
  readonly partitions: readonly number[];
  /** partitions the topic had when they were shared out */
  readonly partitionCount: number;
  coordinator: Coordinator;
  /** when the broker last took us for alive, monotonic ms: when the request went out, not when the answer came */
  seenAtMs: number;
}

export interface JoinRequest {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** empty for a new member */
  readonly memberId: string;
  readonly nowMs: () => number;
  /** the id may be new; known even when joining fails afterwards, so that it can be left */
  readonly onMemberId: (memberId: string) => void;
}

/**
 * Joins the group (eager protocol): waits until every member has joined, the leader shares the partitions out in turn
 * (the library's round robin), everybody receives theirs. May wait as long as the rebalance time-out.
 */
export async function joinGroup(request: JoinRequest): Promise<GroupSession> {
  const { cluster, topic, groupId, nowMs } = request;
  const assigner = PartitionAssigners.roundRobin({
    cluster: cluster as unknown as Cluster,
    groupId,
    logger: null as unknown as LibraryLogger,
  });
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const joined = await coordinator.joinGroup({
    groupId,
    sessionTimeout: request.sessionTimeoutMs,
    rebalanceTimeout: request.rebalanceTimeoutMs,
    memberId: request.memberId,
    groupProtocols: [assigner.protocol({ topics: [topic] })],
  });
  request.onMemberId(joined.memberId);
  const seenAtMs = nowMs();
  await cluster.refreshMetadata();
  const isLeader = joined.leaderId === joined.memberId;
  const { memberAssignment } = await coordinator.syncGroup({
    groupId,
    generationId: joined.generationId,
    memberId: joined.memberId,
    groupAssignment: isLeader ? await assigner.assign({ members: joined.members, topics: [topic] }) : [],
  });
  return {
    memberId: joined.memberId,
    generationId: joined.generationId,
    partitions: assignedPartitions(memberAssignment, topic, joined),
    partitionCount: cluster.findTopicPartitionMetadata(topic).length,
    coordinator,
    seenAtMs,
  };
}

/** A member beyond the number of partitions gets no bytes at all. */
function assignedPartitions(bytes: Buffer, topic: string, { memberId }: GroupJoin): number[] {
  if (bytes.length === 0) return [];
  const decoded = AssignerProtocol.MemberAssignment.decode(bytes);
  if (!decoded) throw new Error(`assignment of member ${memberId} cannot be read`);
  return [...(decoded.assignment[topic] ?? [])].sort((a, b) => a - b);
}
