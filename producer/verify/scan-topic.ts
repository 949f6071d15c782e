import { type Clock, systemClock } from '../../core/clock.ts';
import { withStallDeadline } from '../../core/deadline.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogRecord } from '../../core/log-record.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import { createKafka, type KafkaConnection, openCluster } from '../../kafka/kafkajs-client.ts';
import type { Fetch } from '../../kafka/log-reader.ts';
import { type FetcherHandlers, PartitionFetcher } from '../../kafka/partition-fetcher.ts';
import { toKafkaError } from '../../kafka/protocol-errors.ts';
import { fetchSourceOf } from '../../kafka/topic-connection.ts';
import type { OffsetRange } from './log-image.ts';

export interface ScanOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** by partition; `to` is not read any more */
  readonly ranges: ReadonlyMap<number, OffsetRange>;
  /** longest time without a record before the scan gives up; default 30 s */
  readonly stallTimeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Records of one partition, in their order, every one of the range once. What it throws ends the scan. */
export type TakeRecords = (partition: number, records: readonly LogRecord[]) => void;

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 4 * 1024 * 1024;
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Reads ranges of a topic once, beside every consumer group; resolves behind the last record. Memory does not grow with the
 * topic.
 * @throws ReelstreamError `halted` when the log does not hold an offset of a range, `timeout` (retryable) when nothing comes
 * for too long, `unavailable` (retryable) or `kafka` as the drivers
 */
export async function scanTopic(options: ScanOptions, take: TakeRecords): Promise<void> {
  const { connection, topic, stallTimeoutMs = 30_000, clock = systemClock, logger = silentLogger } = options;
  const ranges = new Map([...options.ranges].filter(([, { from, to }]) => from < to));
  if (ranges.size === 0) return;
  const cluster = openCluster(createKafka(connection, logger));
  let stop = async (): Promise<void> => {};
  const scan = async (beat: () => void): Promise<void> => {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    beat();
    await new Promise<void>((resolve, reject) => {
      const handlers = createHandlers({ ranges, topic, take, beat, resolve, reject });
      const source = fetchSourceOf({ cluster, topic });
      const fetcher = new PartitionFetcher(
        { ...FETCH, source, topic, clock, logger },
        handlers(() => fetcher),
      );
      stop = () => fetcher.stop();
      fetcher.assign([...ranges.keys()]);
      for (const [partition, { from }] of ranges) fetcher.seek(partition, from);
      fetcher.resume([...ranges.keys()]);
    });
  };
  try {
    await withStallDeadline(scan, stallTimeoutMs, clock, `reading ${topic}`);
  } catch (error) {
    throw toKafkaError(`reading ${topic}`, error);
  } finally {
    // the library waits for requests under way, which a frozen broker answers never
    const closed = stop().then(() => cluster.disconnect());
    await withStallDeadline(() => closed, CLOSE_TIMEOUT_MS, clock, 'closing').catch((error: unknown) =>
      logger.debug({ error: String(error) }, 'connection to Kafka not closed'),
    );
  }
}

const FETCH = {
  maxWaitMs: 100,
  maxBytes: MAX_BYTES,
  maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
  readCommitted: true,
};

interface ScanState {
  readonly ranges: ReadonlyMap<number, OffsetRange>;
  readonly topic: string;
  readonly take: TakeRecords;
  readonly beat: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function createHandlers(state: ScanState): (fetcher: () => PartitionFetcher) => FetcherHandlers {
  const { ranges, topic, take, beat, resolve, reject } = state;
  let open = ranges.size;
  return (fetcher) => ({
    async onFetch({ partition, records, nextPosition }: Fetch) {
      beat();
      const { to } = ranges.get(partition)!;
      const isLast = nextPosition >= to;
      take(partition, isLast ? records.filter(({ offset }) => offset < to) : records);
      if (!isLast) return;
      fetcher().pause([partition]);
      open -= 1;
      if (open === 0) resolve();
    },
    onHalted: (_, error) => reject(error),
    onFatal: reject,
    onTopicGone: () => reject(new ReelstreamError('kafka', `topic ${topic} was deleted while it was read`)),
    onDiscarded() {},
  });
}
