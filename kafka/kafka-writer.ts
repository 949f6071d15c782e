import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { BATCH_HEADER_BYTES, toHeaders } from './batch-builder.ts';
import { BatchSender, type SenderHandlers } from './batch-sender.ts';
import type { Compression } from './codecs.ts';
import { createKafka, type KafkaConnection, openCluster } from './kafkajs-client.ts';
import type { DeliveryReport, LogWriter, Placement, WriterCounts } from './log-writer.ts';
import { partitionOfKey } from './partition-by-key.ts';
import type { PendingBatch } from './partition-queue.ts';
import { produceTargetOf } from './produce-target.ts';
import { closeWithin, connectWithin, type TopicConnection, untilAnswered } from './topic-connection.ts';
import { MAX_BATCH_BYTES } from './topics.ts';

export interface KafkaWriterOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** how long a record may wait for others to share a request with; default 5 ms */
  readonly lingerMs?: number;
  readonly compression?: Compression;
  /** records that may wait for acknowledgement before `tryWrite` refuses; default 200,000 */
  readonly maxQueueRecords?: number;
  /** default 64 MB */
  readonly maxQueueKilobytes?: number;
  /** a record that is not acknowledged in this time has failed; default 2 minutes */
  readonly deliveryTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** called for every record, taken or given up */
  readonly onReport?: (report: DeliveryReport) => void;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const DEFAULT_LINGER_MS = 5;
/** what a batch may grow to */
const BATCH_BYTES = 131_072;
const CLOSE_TIMEOUT_MS = 2_000;
const METADATA_MAX_AGE_MS = 60_000;
const METADATA_LOOK_MS = 30_000;

/**
 * Connects an idempotent producer: a record is in the log once, in the order of its key, however often it had to be sent again.
 * Every leader of the topic is connected and the producer has its id when this resolves.
 * @throws ReelstreamError `unavailable` when no broker answers in time, `kafka` when the topic does not exist
 */
export async function openKafkaWriter(options: KafkaWriterOptions): Promise<LogWriter> {
  const { connection, topic, connectTimeoutMs = 15_000, clock = systemClock } = options;
  const logger = (options.logger ?? silentLogger).child({ topic });
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const cluster = openCluster(createKafka(connection, logger, onSocket), METADATA_MAX_AGE_MS);
  const opened: TopicConnection = { cluster, topic, clock, logger };
  const hangUp = () => {
    for (const socket of sockets) socket.destroy(new Error('the writer is closed'));
  };
  const giveUp = new AbortController();
  try {
    await connectWithin(opened, connectTimeoutMs, giveUp.signal);
    const target = produceTargetOf(opened);
    const warmUp = untilAnswered(opened, giveUp.signal, async () => {
      await cluster.refreshMetadataIfNecessary();
      const leaders = [...new Set(target.leaders().values())];
      await Promise.all(leaders.map((leader) => cluster.findBroker({ nodeId: String(leader) })));
      return target.identify();
    });
    const identity = await withDeadline(warmUp, connectTimeoutMs, clock, `writing to ${topic}`);
    if (!identity) throw new ReelstreamError('unavailable', `${topic}: no producer id`);
    return new KafkaWriter(options, opened, hangUp, (handlers) => {
      const { lingerMs = DEFAULT_LINGER_MS, compression = 'none', deliveryTimeoutMs = 120_000 } = options;
      return new BatchSender(
        {
          ...{ target, topic, lingerMs, compression, deliveryTimeoutMs, clock, logger },
          batchBytes: BATCH_BYTES,
          withTags: options.onReport !== undefined,
        },
        handlers,
        identity,
      );
    });
  } catch (error) {
    giveUp.abort();
    hangUp();
    await closeWithin(opened, CLOSE_TIMEOUT_MS, []);
    if (error instanceof ReelstreamError && error.code !== 'timeout') throw error;
    throw new ReelstreamError('unavailable', `${topic}: ${(error as Error).message}`, { cause: error });
  }
}

class KafkaWriter implements LogWriter {
  readonly #options: KafkaWriterOptions;
  readonly #opened: TopicConnection;
  readonly #hangUp: () => void;
  readonly #clock: Clock;
  readonly #sender: BatchSender;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #metadata: NodeJS.Timeout;
  /** wait for less to be queued, or for nothing */
  #waiting: { readonly isOver: () => boolean; readonly wake: () => void }[] = [];
  #flushes = 0;
  #enqueued = 0;
  #acked = 0;
  #failed = 0;
  #queuedBytes = 0;
  /** partition of records without a key; another one after each of its batches */
  #keyless = 0;
  #dead: ReelstreamError | null = null;

  constructor(
    options: KafkaWriterOptions,
    opened: TopicConnection,
    hangUp: () => void,
    createSender: (handlers: SenderHandlers) => BatchSender,
  ) {
    this.#options = options;
    this.#opened = opened;
    this.#hangUp = hangUp;
    this.#clock = opened.clock;
    this.#maxRecords = options.maxQueueRecords ?? 200_000;
    this.#maxBytes = (options.maxQueueKilobytes ?? 65_536) * 1_024;
    this.#sender = createSender({
      onAcknowledged: (partition, batch, baseOffset) => this.#onAcknowledged(partition, batch, baseOffset),
      onGivenUp: (partition, batch, error) => this.#onGivenUp(partition, batch, error),
      onDead: (error) => this.#onDead(error),
    });
    this.#metadata = setInterval(() => void this.#lookForPartitions(), METADATA_LOOK_MS);
  }

  tryWrite(key: Buffer | null, value: Buffer | null, tag = 0, placement?: Placement): boolean {
    if (this.#dead) throw this.#dead;
    const bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    if (bytes > MAX_BATCH_BYTES - BATCH_HEADER_BYTES) throw this.#tooLarge(bytes);
    if (this.#isFull()) return false;
    const headers = placement?.headers ? toHeaders(placement.headers) : undefined;
    this.#sender.append(placement?.partition ?? this.#partitionOf(key), key, value, headers, tag);
    this.#queuedBytes += bytes;
    this.#enqueued++;
    return true;
  }

  async room(): Promise<void> {
    await this.#until(() => !this.#isFull());
  }

  async flush(deadlineMs: number): Promise<WriterCounts> {
    const deadline = new AbortController();
    const late = this.#clock.sleep(deadlineMs, deadline.signal).then(() => false);
    this.#sender.setUrgent(++this.#flushes > 0);
    try {
      const isDone = await Promise.race([this.#until(() => this.#held() === 0).then(() => true), late]);
      if (isDone) return this.counts();
    } finally {
      deadline.abort();
      this.#sender.setUrgent(--this.#flushes > 0);
    }
    const message = `${this.#options.topic}: not everything acknowledged within ${deadlineMs} ms`;
    throw new ReelstreamError('timeout', message);
  }

  get error(): Error | null {
    return this.#dead;
  }

  counts(): WriterCounts {
    return { enqueued: this.#enqueued, acked: this.#acked, failed: this.#failed };
  }

  async close(deadlineMs: number): Promise<WriterCounts> {
    if (!this.#dead && deadlineMs > 0) {
      await this.flush(deadlineMs).catch((error: unknown) =>
        this.#opened.logger.warn(
          { ...this.counts(), error: String(error) },
          'closing with records in flight',
        ),
      );
    }
    clearInterval(this.#metadata);
    this.#sender.stop();
    this.#dead ??= new ReelstreamError('kafka', `${this.#options.topic}: the writer is closed`);
    this.#wake();
    // an answer that nobody waits for any more would be waited for by the library
    if (this.#held() > 0) this.#hangUp();
    await closeWithin(this.#opened, CLOSE_TIMEOUT_MS, []);
    return this.counts();
  }

  #held(): number {
    return this.#enqueued - this.#acked - this.#failed;
  }

  #isFull(): boolean {
    return this.#held() >= this.#maxRecords || this.#queuedBytes >= this.#maxBytes;
  }

  #partitionOf(key: Buffer | null): number {
    const { partitions } = this.#sender;
    return key === null ? this.#keyless % partitions : partitionOfKey(key, partitions);
  }

  /** @throws what killed the writer */
  async #until(isOver: () => boolean): Promise<void> {
    if (!this.#dead && !isOver()) await new Promise<void>((wake) => this.#waiting.push({ isOver, wake }));
    if (this.#dead) throw this.#dead;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (this.#dead !== null || one.isOver()) one.wake();
      else this.#waiting.push(one);
    }
  }

  #onAcknowledged(partition: number, batch: PendingBatch, baseOffset: number): void {
    this.#acked += batch.builder.count;
    this.#settle(partition, batch, baseOffset, null);
  }

  #onGivenUp(partition: number, batch: PendingBatch, error: Error): void {
    this.#failed += batch.builder.count;
    this.#settle(partition, batch, -1, error);
  }

  #settle(partition: number, batch: PendingBatch, baseOffset: number, error: Error | null): void {
    this.#queuedBytes -= batch.builder.contentBytes;
    if (partition === this.#keyless % this.#sender.partitions) this.#keyless++;
    const { onReport } = this.#options;
    if (onReport) {
      const tags = batch.tags ?? [];
      for (let i = 0; i < tags.length; i++) {
        onReport({ tag: tags[i]!, partition, offset: baseOffset < 0 ? -1 : baseOffset + i, error });
      }
    }
    this.#wake();
  }

  #onDead(error: ReelstreamError): void {
    this.#dead = error;
    this.#opened.logger.error({ error: error.message }, 'producer is dead');
    this.#wake();
  }

  #tooLarge(bytes: number): ReelstreamError {
    const message = `${this.#options.topic}: a record of ${bytes} bytes is larger than the client sends`;
    return new ReelstreamError('bad_data', message);
  }

  /** The keys of a topic that grew go where other clients send them. */
  async #lookForPartitions(): Promise<void> {
    const { cluster, logger } = this.#opened;
    try {
      await cluster.refreshMetadataIfNecessary();
      this.#sender.adopt();
    } catch (error) {
      logger.debug({ error: String(error) }, 'topic metadata not refreshed');
    }
  }
}
