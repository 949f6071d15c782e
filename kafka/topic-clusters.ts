import type { KafkaCluster } from './kafkajs-client.ts';
import { errorTypeOf } from './protocol-errors.ts';

/** A connection to the cluster per topic that is looked at. */
export interface TopicClusters {
  /** runs work with the topic's connection, opened at its first use */
  use<T>(topic: string, work: (cluster: KafkaCluster) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * The library asks for the metadata of every topic that a connection was ever told about, and one that was deleted since
 * fails them all. So no two topics share one, and that of a topic that is gone is closed: if the topic comes back, it is
 * another one.
 */
export function createTopicClusters(open: () => KafkaCluster): TopicClusters {
  const clusters = new Map<string, Promise<KafkaCluster>>();

  async function connect(topic: string): Promise<KafkaCluster> {
    const cluster = open();
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([topic]);
      return cluster;
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
  }

  function forget(topic: string, one: Promise<KafkaCluster>): void {
    if (clusters.get(topic) === one) clusters.delete(topic);
  }

  return {
    async use(topic, work) {
      const connecting = clusters.get(topic) ?? connect(topic);
      clusters.set(topic, connecting);
      const cluster = await connecting.catch((error: unknown) => {
        forget(topic, connecting);
        throw error;
      });
      try {
        return await work(cluster);
      } catch (error) {
        if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
          forget(topic, connecting);
          await cluster.disconnect();
        }
        throw error;
      }
    },
    async close() {
      const opened = await Promise.allSettled(clusters.values());
      await Promise.all(
        opened.map((one) => (one.status === 'fulfilled' ? one.value.disconnect() : undefined)),
      );
    },
  };
}
