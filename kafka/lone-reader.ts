import { createBackoff } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { type Metrics, noMetrics } from '../core/metrics-port.ts';
import { commitAsNobody } from './group-offsets.ts';
import {
  createKafka,
  fetchFrom,
  type KafkaCluster,
  type KafkaConnection,
  openCluster,
} from './kafkajs-client.ts';
import type { LogReader, LogReaderHandlers } from './log-reader.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { errorTypeOf, isFatal, toKafkaError } from './protocol-errors.ts';

export interface LoneReaderOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** what is committed is committed for this group, which nobody joins */
  readonly groupId: string;
  /** longest wait of the broker when there is nothing new */
  readonly maxWaitMs?: number;
  readonly maxBytes?: number;
  readonly maxBytesPerPartition?: number;
  /** how soon added partitions are noticed */
  readonly partitionsPollMs?: number;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

const MIN_CLOSE_MS = 300;
/** How soon a topic that was deleted and made anew is read again. */
const GONE_POLL_MS = 1_000;

/**
 * Reads all partitions of a topic outside any group: for a reader that shares with nobody. Whoever takes over from one that was
 * killed waits for no session to expire. New partitions, and a topic that comes back, are assigned anew.
 */
export function createLoneReader(options: LoneReaderOptions): LogReader {
  return new LoneReader(options);
}

class LoneReader implements LogReader {
  readonly #options: LoneReaderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #cluster: KafkaCluster;
  readonly #stopping = new AbortController();
  #fetcher: PartitionFetcher | null = null;
  #assigned: readonly number[] = [];
  #watching: Promise<void> = Promise.resolve();
  #isTopicGone = false;

  constructor(options: LoneReaderOptions) {
    const { connection, clock = systemClock, logger = silentLogger } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger.child({ topic: options.topic });
    this.#cluster = openCluster(createKafka(connection, this.#logger));
  }

  async start(handlers: LogReaderHandlers): Promise<void> {
    const { topic, startTimeoutMs = 30_000 } = this.#options;
    await withDeadline(
      this.#connect(),
      startTimeoutMs,
      this.#clock,
      `connecting to Kafka for ${topic}`,
    ).catch(async (error: unknown) => {
      await this.stop();
      throw toKafkaError(`topic ${topic} cannot be read`, error);
    });
    const fetcher = this.#createFetcher(handlers);
    this.#fetcher = fetcher;
    this.#assign(fetcher, handlers);
    this.#watching = this.#watch(fetcher, handlers);
  }

  seek(partition: number, offset: number): void {
    this.#fetcher?.seek(partition, offset);
  }

  pause(partitions: readonly number[]): void {
    this.#fetcher?.pause(partitions);
  }

  resume(partitions: readonly number[]): void {
    this.#fetcher?.resume(partitions);
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { groupId, topic } = this.#options;
    await commitAsNobody(this.#cluster, groupId, topic, positions).catch((error: unknown) => {
      throw toKafkaError(`commit of ${groupId}`, error);
    });
  }

  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.#options;
    const endsAtMs = this.#clock.monotonicMs() + stopTimeoutMs;
    const bounded = (work: Promise<void>, what: string) =>
      withDeadline(
        work,
        Math.max(endsAtMs - this.#clock.monotonicMs(), MIN_CLOSE_MS),
        this.#clock,
        what,
      ).catch((error: unknown) =>
        this.#logger.warn({ error: String(error) }, `not done before the end: ${what}`),
      );
    this.#stopping.abort();
    await bounded(this.#watching, 'the last look at the partitions');
    await bounded(this.#fetcher?.stop() ?? Promise.resolve(), 'the last answers');
    // The library waits for requests under way, which a frozen broker answers never
    await bounded(this.#cluster.disconnect(), 'closing the connection');
  }

  /** Tries until the broker answers; the caller's deadline ends it. */
  async #connect(): Promise<void> {
    const { topic } = this.#options;
    const backoff = createBackoff({ minMs: 100, maxMs: 1_000 });
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#cluster.connect();
        await this.#cluster.addMultipleTargetTopics([topic]);
        return;
      } catch (error) {
        if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
          throw new ReelstreamError('kafka', `topic ${topic} does not exist`, { cause: error });
        }
        if (isFatal(error)) throw error;
        this.#logger.debug({ error: errorTypeOf(error) }, 'Kafka does not answer yet');
        await this.#clock.sleep(backoff.nextMs(), this.#stopping.signal);
      }
    }
  }

  #partitions(): number[] {
    const found = this.#cluster.findTopicPartitionMetadata(this.#options.topic);
    return found.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  }

  #assign(fetcher: PartitionFetcher, handlers: LogReaderHandlers): void {
    this.#assigned = this.#partitions();
    this.#isTopicGone = false;
    fetcher.assign(this.#assigned);
    handlers.onAssigned(this.#assigned);
  }

  async #watch(fetcher: PartitionFetcher, handlers: LogReaderHandlers): Promise<void> {
    const { partitionsPollMs = 30_000 } = this.#options;
    let lookAtMs = this.#clock.monotonicMs() + partitionsPollMs;
    for (;;) {
      await this.#clock.sleep(Math.min(GONE_POLL_MS, partitionsPollMs), this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      if (!this.#isTopicGone && this.#clock.monotonicMs() < lookAtMs) continue;
      lookAtMs = this.#clock.monotonicMs() + partitionsPollMs;
      try {
        await this.#cluster.refreshMetadata();
      } catch (error) {
        this.#logger.debug({ error: errorTypeOf(error) }, 'topic metadata not refreshed');
        continue;
      }
      if (!this.#isTopicGone && this.#partitions().length === this.#assigned.length) continue;
      handlers.onLost(fetcher.revokeAll());
      this.#assign(fetcher, handlers);
    }
  }

  #createFetcher(handlers: LogReaderHandlers): PartitionFetcher {
    const { topic, groupId, metrics = noMetrics } = this.#options;
    const { maxWaitMs = 250, maxBytes = 8_388_608, maxBytesPerPartition = 1_048_576 } = this.#options;
    const cluster = this.#cluster;
    return new PartitionFetcher(
      {
        source: {
          leaders: () =>
            new Map(
              cluster
                .findTopicPartitionMetadata(topic)
                .map(({ partitionId, leader }) => [partitionId, leader]),
            ),
          fetch: (leader, request) => fetchFrom(cluster, leader, request),
          refresh: () => cluster.refreshMetadata(),
        },
        topic,
        maxWaitMs,
        maxBytes,
        maxBytesPerPartition,
        readCommitted: true,
        clock: this.#clock,
        logger: this.#logger,
      },
      {
        onFetch: (fetch) => handlers.onFetch(fetch),
        onHalted: (partition, error) =>
          handlers.onHalted ? handlers.onHalted(partition, error) : handlers.onFatal(error),
        onFatal: (error) => handlers.onFatal(error),
        // if it comes back it is another one: whoever reads it must look before a single record is taken
        onTopicGone: () => {
          if (this.#isTopicGone || !this.#fetcher) return;
          this.#isTopicGone = true;
          handlers.onLost(this.#fetcher.revokeAll());
        },
        onDiscarded: (_, records) =>
          metrics.add('consumer_discarded_events_total', { topic, group: groupId }, records),
      },
    );
  }
}
