import { type Clock, systemClock } from '../core/clock.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { type Metrics, noMetrics } from '../core/metrics-port.ts';
import { commitAsNobody } from './group-offsets.ts';
import { createKafka, type KafkaCluster, type KafkaConnection, openCluster } from './kafkajs-client.ts';
import type { LogReader, LogReaderHandlers } from './log-reader.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { errorTypeOf, toKafkaError } from './protocol-errors.ts';
import { closeWithin, connectWithin, fetchSourceOf, type TopicConnection } from './topic-connection.ts';

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
    const { startTimeoutMs = 30_000 } = this.#options;
    await connectWithin(this.#connection(), startTimeoutMs, this.#stopping.signal).catch(
      async (error: unknown) => {
        await this.stop();
        throw error;
      },
    );
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
    this.#stopping.abort();
    await closeWithin(this.#connection(), stopTimeoutMs, [
      ['the last look at the partitions', () => this.#watching],
      ['the last answers', async () => this.#fetcher?.stop()],
    ]);
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
    return new PartitionFetcher(
      {
        source: fetchSourceOf(this.#connection()),
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
