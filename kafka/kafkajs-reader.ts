import { type Clock, systemClock } from '../core/clock.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { type Metrics, noMetrics } from '../core/metrics-port.ts';
import { GroupMember } from './group-member.ts';
import { createKafka, type KafkaCluster, type KafkaConnection, openCluster } from './kafkajs-client.ts';
import type { LogReader, LogReaderHandlers } from './log-reader.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { closeWithin, connectWithin, fetchSourceOf, type TopicConnection } from './topic-connection.ts';

export interface ReaderOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly groupId: string;
  /** without an answered heartbeat for this long the partitions go to others; the broker's floor is 6 s */
  readonly sessionTimeoutMs?: number;
  /** longest that the group waits for a member to hand over and join again */
  readonly rebalanceTimeoutMs?: number;
  /** longest wait for `onRevoked`; must leave time to join within the rebalance time-out. Default half of it */
  readonly revokeTimeoutMs?: number;
  /** default a tenth of the session time-out */
  readonly heartbeatIntervalMs?: number;
  /** longest wait of the broker when there is nothing new */
  readonly maxWaitMs?: number;
  readonly maxBytes?: number;
  readonly maxBytesPerPartition?: number;
  /** false also reads records of open and aborted transactions; default true */
  readonly readCommitted?: boolean;
  /** how soon added partitions are noticed */
  readonly metadataMaxAgeMs?: number;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** counts `consumer_discarded_events_total` */
  readonly metrics?: Metrics;
}

/**
 * The log reader over kafkajs' connections. It does not use the library's consumer: that one starts fetching from the
 * committed offset on every assignment and can only be sought away from it afterwards, resets silently when an offset is
 * out of range, never waits for a hand-over, loses its membership while a handler waits, and stands still for ever before
 * a batch that compaction emptied. Group membership (`GroupMember`) and fetching (`PartitionFetcher`) are two loops that
 * meet only here.
 */
export function createKafkajsReader(options: ReaderOptions): LogReader {
  return new KafkajsReader(options);
}

class KafkajsReader implements LogReader {
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #cluster: KafkaCluster;
  #member: GroupMember | null = null;
  #fetcher: PartitionFetcher | null = null;
  #running: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #failed = false;

  constructor(options: ReaderOptions) {
    const { connection, clock = systemClock, logger = silentLogger, metadataMaxAgeMs } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger.child({ topic: options.topic, group: options.groupId });
    this.#cluster = openCluster(createKafka(connection, this.#logger), metadataMaxAgeMs);
  }

  async start(handlers: LogReaderHandlers): Promise<void> {
    const { startTimeoutMs = 30_000 } = this.#options;
    await connectWithin(this.#connection(), startTimeoutMs, this.#stopping.signal).catch(
      async (error: unknown) => {
        await this.stop();
        throw error;
      },
    );
    const fetcher = this.#createFetcher(handlers);
    const member = this.#createMember(handlers, fetcher);
    this.#fetcher = fetcher;
    this.#member = member;
    this.#running = member.run().catch((error: unknown) => this.#fail(handlers, error));
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
    await this.#member?.commit(positions);
  }

  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.#options;
    this.#stopping.abort();
    this.#member?.stop();
    await closeWithin(this.#connection(), stopTimeoutMs, [
      ['leaving the group, whose session then expires by itself', () => this.#running],
      ['the last answers', async () => this.#fetcher?.stop()],
    ]);
  }

  #connection(): TopicConnection {
    return {
      cluster: this.#cluster,
      topic: this.#options.topic,
      clock: this.#clock,
      logger: this.#logger,
    };
  }

  #createFetcher(handlers: LogReaderHandlers): PartitionFetcher {
    const { topic, groupId, metrics = noMetrics } = this.#options;
    const { maxWaitMs = 250, maxBytes = 8_388_608, maxBytesPerPartition = 1_048_576 } = this.#options;
    const { readCommitted = true } = this.#options;
    return new PartitionFetcher(
      {
        source: fetchSourceOf(this.#connection()),
        topic,
        maxWaitMs,
        maxBytes,
        maxBytesPerPartition,
        readCommitted,
        clock: this.#clock,
        logger: this.#logger,
      },
      {
        onFetch: (fetch) => handlers.onFetch(fetch),
        onHalted: (partition, error) => {
          this.#logger.error({ partition, error: error.message }, 'partition cannot be read on');
          if (handlers.onHalted) handlers.onHalted(partition, error);
          else this.#fail(handlers, error);
        },
        onFatal: (error) => this.#fail(handlers, error),
        // Whoever claims the partitions next compares log and tables before a single record is taken
        onTopicGone: () => this.#member?.abandon(),
        onDiscarded: (_, records) =>
          metrics.add('consumer_discarded_events_total', { topic, group: groupId }, records),
      },
    );
  }

  #createMember(handlers: LogReaderHandlers, fetcher: PartitionFetcher): GroupMember {
    const { topic, groupId, sessionTimeoutMs = 30_000, rebalanceTimeoutMs = 60_000 } = this.#options;
    const { revokeTimeoutMs = rebalanceTimeoutMs / 2 } = this.#options;
    const { heartbeatIntervalMs = sessionTimeoutMs / 10 } = this.#options;
    return new GroupMember(
      {
        cluster: this.#cluster,
        topic,
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        revokeTimeoutMs,
        heartbeatIntervalMs,
        clock: this.#clock,
        logger: this.#logger,
      },
      {
        assigned: (partitions) => {
          this.#logger.info({ partitions }, 'partitions assigned');
          fetcher.assign(partitions);
          handlers.onAssigned(partitions);
        },
        revoke: () => {
          const partitions = fetcher.revokeAll();
          this.#logger.info({ partitions }, 'partitions revoked');
          return handlers.onRevoked(partitions);
        },
        lost: () => handlers.onLost(fetcher.revokeAll()),
      },
    );
  }

  /** Once: what follows from the first failure is no news. */
  #fail(handlers: LogReaderHandlers, error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    void this.#fetcher?.stop();
    handlers.onFatal(error);
  }
}
