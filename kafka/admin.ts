import kafkajs, { type Admin } from 'kafkajs';
import { createBackoff } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { LogRecord } from '../core/log-record.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { createKafka, type KafkaCluster, type KafkaConnection, openCluster } from './kafkajs-client.ts';
import { errorTypeOf, isMoving, toKafkaError } from './protocol-errors.ts';
import { readRecordAt } from './record-at.ts';
import type { TopicDefinition } from './topics.ts';

export interface AdminOptions {
  readonly connection: KafkaConnection;
  /** longest wait for any one answer; default 10 s */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** First offset that the log holds, and the one behind the last that a reader may see. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks at topics and groups from outside; joins nothing. Every call ends within the time-out.
 * Calls throw ReelstreamError `unavailable` (retryable) or `timeout` when Kafka does not answer, else `kafka`.
 */
export interface KafkaAdmin {
  clusterId(): Promise<string>;
  /**
   * Creates what is missing.
   * @throws ReelstreamError `kafka` when a topic exists with another number of partitions or another setting
   */
  ensureTopics(definitions: readonly TopicDefinition[]): Promise<void>;
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
const CREATION_TRIES = 50;
const CREATION_RETRY_MS = 100;

export function createKafkaAdmin(options: AdminOptions): KafkaAdmin {
  const { connection, timeoutMs = 10_000, clock = systemClock, logger = silentLogger } = options;
  const kafka = createKafka(connection, logger);
  const admin = kafka.admin();
  const cluster = openCluster(kafka);
  let connected: Promise<void> | null = null;

  const connect = async () => {
    connected ??= Promise.all([admin.connect(), cluster.connect()]).then(() => undefined);
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
  /** Right after a start, coordinators and leaders are still moving in. */
  const settled = async <T>(work: () => Promise<T>, over: AbortSignal): Promise<T> => {
    const backoff = createBackoff({ minMs: 50, maxMs: 500 });
    for (;;) {
      try {
        await connect();
        return await work();
      } catch (error) {
        if (!isMoving(error) || over.aborted) throw error;
        await clock.sleep(backoff.nextMs(), over);
      }
    }
  };

  return {
    clusterId: () => call('cluster id', async () => (await admin.describeCluster()).clusterId),
    ensureTopics: (definitions) => call('topics', () => ensureTopics(admin, definitions, clock)),
    partitionCount: (topic) =>
      call(`topic ${topic}`, async () => (await partitionCounts(admin, [topic])).get(topic)!),
    bounds: (topic) =>
      call(`offsets of ${topic}`, async () => {
        const offsets = await admin.fetchTopicOffsets(topic);
        return new Map(
          offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }]),
        );
      }),
    committed: (groupId, topic) =>
      call(`offsets of group ${groupId}`, async () => {
        const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const positions = answer?.partitions.map(
          ({ partition, offset }) => [partition, Number(offset)] as const,
        );
        return new Map(positions?.filter(([, offset]) => offset >= 0));
      }),
    setCommitted: (groupId, topic, positions) =>
      call(`offsets of group ${groupId}`, () => commitAsNobody(cluster, groupId, topic, positions)),
    recordAt: (topic, partition, offset) =>
      call(`record ${offset} of ${topic}[${partition}]`, () =>
        readRecordAt(cluster, topic, partition, offset),
      ),
    async close() {
      // The library waits for requests under way, which a frozen broker answers never
      const closed = Promise.allSettled([admin.disconnect(), cluster.disconnect()]);
      await withDeadline(closed, CLOSE_TIMEOUT_MS, clock, 'closing').catch((error: unknown) =>
        logger.debug({ error: String(error) }, 'connections to Kafka not closed'),
      );
    },
  };
}

async function ensureTopics(
  admin: Admin,
  definitions: readonly TopicDefinition[],
  clock: Clock,
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = definitions.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) await createTopics(admin, missing);
  // A broker that has taken the order for a topic learns of it, and of its leaders, a little later
  for (let tries = 1; ; tries++) {
    try {
      await verifyPartitions(admin, definitions);
      return await verifyConfigs(admin, definitions);
    } catch (error) {
      if (errorTypeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || tries === CREATION_TRIES) throw error;
      await clock.sleep(CREATION_RETRY_MS);
    }
  }
}

async function verifyPartitions(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  const counts = await partitionCounts(
    admin,
    definitions.map(({ name }) => name),
  );
  for (const { name, partitions } of definitions) {
    const found = counts.get(name);
    if (found === partitions) continue;
    throw new ReelstreamError(
      'kafka',
      `topic ${name} has ${found} partitions, the settings say ${partitions}: change the setting, or the topic`,
      { details: { topic: name } },
    );
  }
}

async function createTopics(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  // -1: as many replicas as the broker's default says
  const topics = definitions.map(({ name, partitions, config }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor: -1,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  // False when somebody else was faster, which is as good
  await admin.createTopics({ topics, waitForLeaders: false });
}

async function partitionCounts(admin: Admin, names: string[]): Promise<ReadonlyMap<string, number>> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  } catch (cause) {
    if (errorTypeOf(cause) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw cause;
    throw new ReelstreamError('kafka', `no such topic among ${names.join(', ')}`, { cause });
  }
}

/** Only the stamp is verified: limits and retention are the operator's to change, the meaning of a time is not. */
async function verifyConfigs(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  const key = 'message.timestamp.type';
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: definitions.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [key],
    })),
  });
  for (const { resourceName, configEntries } of resources) {
    const wanted = definitions.find(({ name }) => name === resourceName)?.config[key];
    const found = configEntries.find(({ configName }) => configName === key)?.configValue;
    if (found === wanted) continue;
    throw new ReelstreamError(
      'kafka',
      `topic ${resourceName} has ${key}=${found}, needed is ${wanted}: ` +
        `kafka-configs --alter --entity-type topics --entity-name ${resourceName} --add-config ${key}=${wanted}`,
      { details: { topic: resourceName } },
    );
  }
}

/** Generation -1 is a commit from outside the group; the broker takes it while nobody is inside. */
async function commitAsNobody(
  cluster: KafkaCluster,
  groupId: string,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Promise<void> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const partitions = [...positions].map(([partition, offset]) => ({ partition, offset: String(offset) }));
  try {
    await coordinator.offsetCommit({
      groupId,
      groupGenerationId: -1,
      memberId: '',
      topics: [{ topic, partitions }],
    });
  } catch (cause) {
    if (errorTypeOf(cause) !== 'UNKNOWN_MEMBER_ID') throw cause;
    throw new ReelstreamError('kafka', `group ${groupId} has members: stop them first`, { cause });
  }
}
