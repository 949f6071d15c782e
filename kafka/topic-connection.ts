import { createBackoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { fetchFrom, type KafkaCluster } from './kafkajs-client.ts';
import type { FetchSource } from './partition-fetcher.ts';
import { errorTypeOf, isFatal, toKafkaError } from './protocol-errors.ts';

/** What every reader of one topic does with its connection, in a group or alone. */
export interface TopicConnection {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** For closing the connection when what came before took all the time there was. */
const MIN_CLOSE_MS = 300;

/**
 * Tries until the broker answers or `signal` ends it.
 * @throws ReelstreamError `unavailable` after `timeoutMs`, `kafka` when the topic does not exist
 */
export async function connectWithin(
  connection: TopicConnection,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock, topic } = connection;
  try {
    await withDeadline(connect(connection, signal), timeoutMs, clock, `connecting to Kafka for ${topic}`);
  } catch (error) {
    throw toKafkaError(`topic ${topic} cannot be read`, error);
  }
}

function connect(connection: TopicConnection, signal: AbortSignal): Promise<void> {
  const { cluster, topic } = connection;
  return untilAnswered(connection, signal, async () => {
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([topic]);
    } catch (error) {
      if (errorTypeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      throw new ReelstreamError('kafka', `topic ${topic} does not exist`, { cause: error });
    }
  }) as Promise<void>;
}

/** Asks again, ever more slowly, until there is an answer, an error that does not pass, or `signal` ends it: then undefined. */
export async function untilAnswered<T>(
  { clock, logger }: TopicConnection,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const backoff = createBackoff({ minMs: 100, maxMs: 1_000 });
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (isFatal(error)) throw error;
      logger.debug({ error: errorTypeOf(error) }, 'Kafka does not answer yet');
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
  return undefined;
}

/** Partition -> broker that leads it now, as far as is known. */
export function leadersOf({
  cluster,
  topic,
}: Pick<TopicConnection, 'cluster' | 'topic'>): ReadonlyMap<number, number> {
  return new Map(
    cluster.findTopicPartitionMetadata(topic).map(({ partitionId, leader }) => [partitionId, leader]),
  );
}

/** Where a fetcher finds the topic's leaders. */
export function fetchSourceOf(connection: Pick<TopicConnection, 'cluster' | 'topic'>): FetchSource {
  const { cluster } = connection;
  return {
    leaders: () => leadersOf(connection),
    fetch: (leader, request) => fetchFrom(cluster, leader, request),
    refresh: () => cluster.refreshMetadata(),
  };
}

/** One thing after the other, all within `timeoutMs`; what is not done by then is logged and left. */
export async function closeWithin(
  { cluster, clock, logger }: TopicConnection,
  timeoutMs: number,
  before: readonly (readonly [what: string, work: () => Promise<void>])[],
): Promise<void> {
  const endsAtMs = clock.monotonicMs() + timeoutMs;
  // The library waits for requests under way, which a frozen broker answers never
  for (const [what, work] of [...before, ['closing the connection', () => cluster.disconnect()] as const]) {
    const leftMs = Math.max(endsAtMs - clock.monotonicMs(), MIN_CLOSE_MS);
    await withDeadline(work(), leftMs, clock, what).catch((error: unknown) =>
      logger.warn({ error: String(error) }, `not done before the end: ${what}`),
    );
  }
}
