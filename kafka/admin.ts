import { createBackoff } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { LogRecord } from '../core/log-record.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { commitAsNobody, readCommitted } from './group-offsets.ts';
import { createKafka, type KafkaCluster, type KafkaConnection, openCluster } from './kafkajs-client.ts';
import { type LogBounds, readLogBounds } from './log-bounds.ts';
import { checkTopics, ensureTopics, partitionCounts } from './manage-topics.ts';
import { isMoving, toKafkaError } from './protocol-errors.ts';
import { readRecordAt } from './record-at.ts';
import { createTopicClusters } from './topic-clusters.ts';
import type { TopicDefinition } from './topics.ts';

export type { LogBounds } from './log-bounds.ts';

export interface AdminOptions {
  readonly connection: KafkaConnection;
  /** longest wait for any one answer; default 10 s */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/**
 * Looks at topics and groups from outside; joins nothing. Every call ends within the time-out.
 * Calls throw ReelstreamError `unavailable` (retryable) or `timeout` when Kafka does not answer, else `kafka`.
 */
export interface KafkaAdmin {
  clusterId(): Promise<string>;
  /**
   * Creates what is missing.
   * @throws ReelstreamError `kafka` when a topic exists with another number of partitions, another kind of times or another
   * cleanup policy
   */
  ensureTopics(definitions: readonly TopicDefinition[]): Promise<void>;
  /**
   * Creates nothing, and takes any number of partitions.
   * @throws ReelstreamError `kafka` when a topic is missing, has another kind of times or another cleanup policy
   */
  checkTopics(definitions: readonly Pick<TopicDefinition, 'name' | 'config'>[]): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  /** by partition */
  bounds(topic: string): Promise<ReadonlyMap<number, LogBounds>>;
  /** by partition; without those that the group never committed */
  committed(groupId: string, topic: string): Promise<ReadonlyMap<number, number>>;
  /** Only for a group without members. */
  setCommitted(groupId: string, topic: string, positions: ReadonlyMap<number, number>): Promise<void>;
  /** The record at exactly this offset; null when the log holds none there, or only a marker or an aborted record. */
  recordAt(topic: string, partition: number, offset: number): Promise<LogRecord | null>;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2_000;

export function createKafkaAdmin(options: AdminOptions): KafkaAdmin {
  const { connection, timeoutMs = 10_000, clock = systemClock, logger = silentLogger } = options;
  const kafka = createKafka(connection, logger);
  const admin = kafka.admin();
  const clusters = createTopicClusters(() => openCluster(kafka));
  let connected: Promise<void> | null = null;

  const connect = async () => {
    connected ??= admin.connect();
    await connected.catch((error: unknown) => {
      connected = null;
      throw error;
    });
  };
  const call = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const over = new AbortController();
    try {
      return await withDeadline(settled(work, over.signal), timeoutMs, clock, what);
    } catch (error) {
      throw toKafkaError(what, error);
    } finally {
      over.abort();
    }
  };
  /** Right after a start, coordinators and leaders are still moving in; later they move as well. */
  const settled = async <T>(work: () => Promise<T>, over: AbortSignal): Promise<T> => {
    const backoff = createBackoff({ minMs: 50, maxMs: 500 });
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isMoving(error) || over.aborted) throw error;
        await clock.sleep(backoff.nextMs(), over);
      }
    }
  };
  const asAdmin = <T>(what: string, work: () => Promise<T>) => call(what, () => connect().then(work));
  const onTopic = <T>(what: string, topic: string, work: (cluster: KafkaCluster) => Promise<T>) =>
    call(what, () => clusters.use(topic, work));

  return {
    clusterId: () => asAdmin('cluster id', async () => (await admin.describeCluster()).clusterId),
    ensureTopics: (definitions) => asAdmin('topics', () => ensureTopics(admin, definitions, clock)),
    checkTopics: (definitions) => asAdmin('topics', () => checkTopics(admin, definitions)),
    partitionCount: (topic) =>
      asAdmin(`topic ${topic}`, async () => (await partitionCounts(admin, [topic])).get(topic)!),
    bounds: (topic) => onTopic(`offsets of ${topic}`, topic, (cluster) => readLogBounds(cluster, topic)),
    committed: (groupId, topic) =>
      onTopic(`offsets of group ${groupId}`, topic, (cluster) => readCommitted(cluster, groupId, topic)),
    setCommitted: (groupId, topic, positions) =>
      onTopic(`offsets of group ${groupId}`, topic, (cluster) =>
        commitAsNobody(cluster, groupId, topic, positions),
      ),
    recordAt: (topic, partition, offset) =>
      onTopic(`record ${offset} of ${topic}[${partition}]`, topic, (cluster) =>
        readRecordAt(cluster, topic, partition, offset),
      ),
    async close() {
      // The library waits for requests under way, which a frozen broker answers never
      const closed = Promise.allSettled([admin.disconnect(), clusters.close()]);
      await withDeadline(closed, CLOSE_TIMEOUT_MS, clock, 'closing').catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'connections to Kafka not closed'),
      );
    },
  };
}
