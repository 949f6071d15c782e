import kafkajs from 'kafkajs';
import type { Logger } from '../core/logger.ts';
import { createKafka, type KafkaConnection } from './kafkajs-client.ts';
import { toKafkaError } from './protocol-errors.ts';

export interface PartitionRecord {
  readonly partition: number;
  readonly value: Buffer;
}

/** Puts a few records where they are wanted; for traffic of events there is the other writer. */
export interface PartitionWriter {
  /**
   * Resolves when every replica in sync has every record. At least once.
   * @throws ReelstreamError `unavailable` (retryable) or `kafka`
   */
  write(records: readonly PartitionRecord[]): Promise<void>;
  close(): Promise<void>;
}

export function createPartitionWriter(
  connection: KafkaConnection,
  topic: string,
  logger?: Logger,
): PartitionWriter {
  const producer = createKafka(connection, logger).producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  let connected: Promise<void> | null = null;
  const connect = async () => {
    connected ??= producer.connect();
    await connected.catch((error: unknown) => {
      connected = null;
      throw error;
    });
  };
  return {
    async write(records) {
      try {
        await connect();
        await producer.send({ topic, messages: [...records], acks: -1 });
      } catch (error) {
        throw toKafkaError(`records to ${topic}`, error);
      }
    },
    close: () => producer.disconnect(),
  };
}
