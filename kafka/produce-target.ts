import { askForIdentity, produceTo } from './kafkajs-client.ts';
import type { ProducerIdentity } from './partition-queue.ts';
import type { ProduceAnswers } from './produce-request.ts';
import { leadersOf, type TopicConnection } from './topic-connection.ts';

/** Where batches go. */
export interface ProduceTarget {
  /** partition -> broker that leads it now, as far as is known */
  leaders(): ReadonlyMap<number, number>;
  produce(leader: number, body: Buffer): Promise<ProduceAnswers>;
  /** an identity that nobody had before */
  identify(): Promise<ProducerIdentity>;
  /** asks who leads what */
  refresh(): Promise<void>;
}

export function produceTargetOf(connection: TopicConnection): ProduceTarget {
  const { cluster } = connection;
  const leaders = () => leadersOf(connection);
  return {
    leaders,
    produce: (leader, body) => produceTo(cluster, leader, body),
    identify: () => askForIdentity(cluster, [...leaders().values()].find((leader) => leader >= 0) ?? -1),
    refresh: () => cluster.refreshMetadata(),
  };
}
