import type { Message } from 'kafkajs';
import { ReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { createAwaitedProducer } from './awaited-producer.ts';
import { DEAD_LETTER_HEADERS, type DeadLetterRecord } from './dead-letter-record.ts';
import type { KafkaConnection } from './kafkajs-client.ts';
import { errorTypeOf, toKafkaError } from './protocol-errors.ts';

export interface DeadLetterWriter {
  /**
   * Resolves when every replica in sync has every record. At least once: whoever tries again after a failure may write
   * some of them twice.
   * @throws ReelstreamError `unavailable` (retryable) or `kafka`
   */
  write(records: readonly DeadLetterRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterWriterOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly logger?: Logger;
}

/** A key this long is poison too; uncut it could keep the letter from ever fitting into a batch. */
const MAX_KEY_BYTES = 16 * 1024;
/** Below the default limit of a batch (1,048,588 bytes) with the overhead of a few dozen records. */
const MAX_REQUEST_BYTES = 1_030_000;

/**
 * Writes dead letters: seldom, few, and each must be safe before the row that names it. So it sends at once and waits.
 */
export function createDeadLetterWriter({
  connection,
  topic,
  logger,
}: DeadLetterWriterOptions): DeadLetterWriter {
  const producer = createAwaitedProducer(connection, topic, logger);

  return {
    async write(records) {
      try {
        await producer.connect();
        for (const messages of chunk(records.map(toMessage))) await producer.send(messages);
      } catch (error) {
        if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
          throw new ReelstreamError('kafka', `topic ${topic} does not exist`, { cause: error });
        }
        throw toKafkaError(`dead letters to ${topic}`, error);
      }
    },
    close: () => producer.close(),
  };
}

function toMessage({ key, value, headers }: DeadLetterRecord): Message {
  if (key === null || key.length <= MAX_KEY_BYTES) return { key, value, headers: { ...headers } };
  return {
    key: key.subarray(0, MAX_KEY_BYTES),
    value,
    headers: { ...headers, [DEAD_LETTER_HEADERS.keyCutFrom]: String(key.length) },
  };
}

/** The library makes one batch per partition of everything it is given. */
function chunk(messages: readonly Message[]): Message[][] {
  const chunks: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const messageBytes = sizeOf(message);
    if (bytes + messageBytes > MAX_REQUEST_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)!.push(message);
    bytes += messageBytes;
  }
  return chunks;
}

const RECORD_OVERHEAD_BYTES = 64;

function sizeOf({ key, value, headers = {} }: Message): number {
  const headerBytes = Object.entries(headers).reduce(
    (sum, [name, text]) => sum + name.length + String(text).length + 8,
    0,
  );
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}
