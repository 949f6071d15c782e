import type { Logger } from '../core/logger.ts';
import { createAwaitedProducer } from './awaited-producer.ts';
import type { KafkaConnection } from './kafkajs-client.ts';
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
  const producer = createAwaitedProducer(connection, topic, logger);
  return {
    async write(records) {
      try {
        await producer.connect();
        await producer.send([...records]);
      } catch (error) {
        throw toKafkaError(`records to ${topic}`, error);
      }
    },
    close: () => producer.close(),
  };
}
