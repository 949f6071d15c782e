import { describe, expect, it } from 'vitest';
import type { KafkaCluster } from '../../kafka/kafkajs-client.ts';
import { readLogBounds } from '../../kafka/log-bounds.ts';
import { ProtocolError } from '../../kafka/protocol-errors.ts';
import { createTopicClusters } from '../../kafka/topic-clusters.ts';

/** A cluster whose leader moves: the library goes by what it last heard, the brokers by what is. */
function movingCluster() {
  const state = { leader: 1, heard: 0, connections: 0, isThere: true };
  const open = (): KafkaCluster => {
    state.connections += 1;
    return {
      async connect() {},
      async disconnect() {
        state.connections -= 1;
      },
      async addMultipleTargetTopics() {
        if (!state.isThere) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
        state.heard = state.leader;
      },
      async refreshMetadata() {
        if (!state.isThere) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
        state.heard = state.leader;
      },
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: state.heard }],
      async fetchTopicsOffset([asked]: { topic: string; fromBeginning: boolean }[]) {
        if (state.heard !== state.leader) throw new ProtocolError('NOT_LEADER_FOR_PARTITION');
        return [
          { topic: asked!.topic, partitions: [{ partition: 0, offset: asked!.fromBeginning ? '3' : '9' }] },
        ];
      },
    } as Partial<KafkaCluster> as KafkaCluster;
  };
  return { state, clusters: createTopicClusters(open) };
}

describe('bounds of a log', () => {
  it('come from whoever leads it now, not from whoever did when we last looked', async () => {
    const { state, clusters } = movingCluster();
    const look = () => clusters.use('t', (cluster) => readLogBounds(cluster, 't'));
    expect(await look()).toEqual(new Map([[0, { start: 3, end: 9 }]]));
    state.leader = 2;
    expect(await look()).toEqual(new Map([[0, { start: 3, end: 9 }]]));
  });

  it('leave nothing behind of a topic that is gone', async () => {
    const { state, clusters } = movingCluster();
    const look = (topic: string) => clusters.use(topic, (cluster) => readLogBounds(cluster, topic));
    await Promise.all([look('t'), look('u')]);
    expect(state.connections).toBe(2);
    state.isThere = false;
    for (const _ of [1, 2]) await expect(look('t')).rejects.toThrow('UNKNOWN_TOPIC_OR_PARTITION');
    expect(state.connections).toBe(1);
    state.isThere = true;
    expect((await look('t')).size).toBe(1);
    await clusters.close();
    expect(state.connections).toBe(0);
  });
});
