import kafkajs, { type Message } from 'kafkajs';
import type { Logger } from '../core/logger.ts';
import { createKafka, type KafkaConnection } from './kafkajs-client.ts';

/** The library's own producer: it sends at once and waits, which a handful of records does not keep busy. */
export interface AwaitedProducer {
  /** Nothing to do when it is connected; the next call tries again what failed. Rejects with the library's error. */
  connect(): Promise<void>;
  /** Resolves when every replica in sync has every record; rejects with the library's error. */
  send(messages: Message[]): Promise<void>;
  close(): Promise<void>;
}

export function createAwaitedProducer(
  connection: KafkaConnection,
  topic: string,
  logger?: Logger,
): AwaitedProducer {
  const producer = createKafka(connection, logger).producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  let connected: Promise<void> | null = null;
  return {
    async connect() {
      connected ??= producer.connect();
      await connected.catch((error: unknown) => {
        connected = null;
        throw error;
      });
    },
    async send(messages) {
      await producer.send({ topic, messages, acks: -1 });
    },
    close: () => producer.disconnect(),
  };
}
