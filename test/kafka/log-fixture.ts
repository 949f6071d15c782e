import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { expect } from 'vitest';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { KafkaConnection } from '../../kafka/kafkajs-client.ts';
import { createKafkajsReader, type ReaderOptions } from '../../kafka/kafkajs-reader.ts';
import type { Fetch, LogReader } from '../../kafka/log-reader.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';

/** Of every reader in these tests; long enough for a machine that is busy with other things. */
export const SESSION_TIMEOUT_MS = 4_000;

let names = 0;
/** A name no other test of this broker uses. */
export const freshName = (word: string): string => `${word}-${process.pid}-${++names}`;

export const connectionTo = (brokers: string): KafkaConnection => ({ brokers: [brokers], clientId: 'test' });

/** The library by itself, for doing to a log what the product never does. */
export function plainKafka(brokers: string): Kafka {
  return new Kafka({ brokers: [brokers], clientId: 'test-plain', logLevel: logLevel.NOTHING });
}

export async function createTopic(
  admin: KafkaAdmin,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<string> {
  const name = freshName('topic');
  await admin.ensureTopics([
    { name, partitions, config: { 'message.timestamp.type': 'LogAppendTime', ...config } },
  ]);
  return name;
}

/** Values `first`, `first + 1`, ... as text into one partition. */
export async function fill(
  brokers: string,
  topic: string,
  partition: number,
  count: number,
  { first = 0, batch = 1_000 } = {},
): Promise<void> {
  const producer = plainKafka(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let from = first; from < first + count; from += batch) {
    const length = Math.min(batch, first + count - from);
    const messages = Array.from({ length }, (_, i) => ({ partition, key: 'k', value: String(from + i) }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

/** Values as text through a writer, however small its queue. */
export async function writeAll(writer: LogWriter, values: readonly number[]): Promise<void> {
  for (const value of values) {
    while (!writer.tryWrite(Buffer.from('k'), Buffer.from(String(value)))) await writer.room();
  }
}

/** Polls until the condition holds; a fixed sleep would be too long or too short. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
) {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What one reader was told, and what it did with it. */
export interface Collected {
  readonly reader: LogReader;
  readonly fetches: Fetch[];
  readonly log: string[];
  readonly fatal: unknown[];
  readonly halted: { partition: number; code: string; message: string }[];
  readonly discarded: { records: number };
  owned: number[];
  /** every value delivered, by partition, in the order of delivery */
  values(partition?: number): number[];
}

export interface CollectOptions extends Partial<ReaderOptions> {
  /** where to start a partition; undefined: leave it alone */
  readonly startAt?: (partition: number) => number | undefined;
  readonly onFetch?: (fetch: Fetch) => Promise<void>;
  readonly onRevoked?: (partitions: readonly number[]) => Promise<void>;
  readonly withoutOnHalted?: boolean;
}

/** A reader that starts every assigned partition at once and keeps what it gets. */
export async function collect(brokers: string, topic: string, groupId: string, options: CollectOptions = {}) {
  const { startAt = () => 0, onFetch, onRevoked, withoutOnHalted, ...readerOptions } = options;
  const discarded = { records: 0 };
  const reader = createKafkajsReader({
    connection: connectionTo(brokers),
    topic,
    groupId,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    heartbeatIntervalMs: 200,
    metrics: {
      add(_, __, value = 1) {
        discarded.records += value;
      },
      set() {},
      observe() {},
    },
    ...readerOptions,
  });
  const collected: Collected = {
    reader,
    fetches: [],
    log: [],
    fatal: [],
    halted: [],
    discarded,
    owned: [],
    values: (partition = 0) =>
      collected.fetches
        .filter((fetch) => fetch.partition === partition)
        .flatMap(({ records }) => records.map(({ value }) => Number(value))),
  };
  await reader.start({
    onAssigned(partitions) {
      collected.log.push(`assigned ${partitions}`);
      collected.owned = [...partitions];
      for (const partition of partitions) {
        const position = startAt(partition);
        if (position === undefined) continue;
        reader.seek(partition, position);
        reader.resume([partition]);
      }
    },
    async onRevoked(partitions) {
      collected.log.push(`revoked ${partitions}`);
      await onRevoked?.(partitions);
      collected.owned = [];
    },
    onLost(partitions) {
      collected.log.push(`lost ${partitions}`);
      collected.owned = [];
    },
    async onFetch(fetch) {
      collected.fetches.push(fetch);
      await onFetch?.(fetch);
    },
    ...(withoutOnHalted
      ? {}
      : {
          onHalted: (partition: number, error: { code: string; message: string }) =>
            void collected.halted.push({ partition, code: error.code, message: error.message }),
        }),
    onFatal: (error) => void collected.fatal.push(error),
  });
  return collected;
}

export const range = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => first + i);

/** Fetches of one partition follow each other without a seam, and so do the records in them. */
export function expectContiguous(fetches: readonly Fetch[], start: number): void {
  let position = start;
  for (const fetch of fetches) {
    expect(fetch.position).toBe(position);
    for (const { offset } of fetch.records) {
      expect(offset).toBeGreaterThanOrEqual(position);
      position = offset + 1;
    }
    expect(fetch.nextPosition).toBeGreaterThanOrEqual(position);
    position = fetch.nextPosition;
  }
}
