import rdkafka, { type LibrdKafkaError, type Metadata } from 'node-rdkafka';
import { type Clock, systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import { createAckFloor } from './ack-floor.ts';
import type { LogWriter, Placement, WriterCounts } from './log-writer.ts';
import {
  DEFAULT_LINGER_MS,
  producerConfig,
  type RdkafkaWriterOptions,
  topicConfig,
} from './rdkafka-config.ts';

export type { RdkafkaWriterOptions } from './rdkafka-config.ts';

/** librdkafka's error codes; negative ones are its own. Source: rdkafka.h */
const QUEUE_FULL = -184;
const FATAL = -150;
const MESSAGE_TOO_LARGE = 10;
/** of a flush, whose errors come without their codes */
const TIMED_OUT = /timed out/i;

/** An empty value as a view into memory: a buffer without memory would be sent as a tombstone. */
const EMPTY = Buffer.alloc(1).subarray(1);

const CLOSE_TIMEOUT_MS = 5_000;
const POLL_INTERVAL_MS = 20;
const FLUSH_SLICE_MS = 250;
/** Reports reach us a hundred per turn of the event loop, some turns after the flush that waited for them. */
const QUIET_TURNS = 5;

/** Of librdkafka's statistics. Source: STATISTICS.md */
interface Statistics {
  readonly ts: number;
  readonly msg_cnt: number;
  readonly eos?: { readonly idemp_state: string };
}

interface Tagged {
  readonly tag: number;
  readonly atMs: number;
}

/**
 * Connects an idempotent producer: a record is in the log once, in the order of its key, however often the client had to
 * send it again.
 * @throws ReelstreamError `unavailable` when no broker answers in time, `kafka` when the topic does not exist
 */
export async function openRdkafkaWriter(options: RdkafkaWriterOptions): Promise<LogWriter> {
  const { topic, connectTimeoutMs = 15_000, clock = systemClock } = options;
  const writer = new RdkafkaWriter(options);
  try {
    const open = writer.connect(connectTimeoutMs);
    await withDeadline(open, connectTimeoutMs + 1_000, clock, `writing to ${topic}`);
    return writer;
  } catch (error) {
    await writer.close(0);
    // a deadline that is over while the client still tries means the same as its own
    if (error instanceof ReelstreamError && error.code !== 'timeout') throw error;
    throw new ReelstreamError('unavailable', `${topic}: ${(error as Error).message}`, { cause: error });
  }
}

class RdkafkaWriter implements LogWriter {
  readonly #options: RdkafkaWriterOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #producer: rdkafka.Producer;
  readonly #floor = createAckFloor();
  readonly #reportsAll: boolean;
  #polling: NodeJS.Timeout | null = null;
  #enqueued = 0;
  #failed = 0;
  #acked = 0;
  #reports = 0;
  #dead: ReelstreamError | null = null;
  #onIdentified = () => {};

  constructor(options: RdkafkaWriterOptions) {
    const { clock = systemClock, logger = silentLogger, onReport } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger.child({ topic: options.topic });
    this.#reportsAll = onReport !== undefined;
    this.#producer = new rdkafka.Producer(producerConfig(options), topicConfig(options));
    // The types do not say so, but the library's errors are Errors
    this.#producer.on('delivery-report', (error: unknown, report) =>
      this.#onReport(error as Error | null, report),
    );
    this.#producer.on('event.error', (error) => this.#onError(error));
    this.#producer.on('event.stats', (event) => this.#onStatistics(event));
  }

  async connect(timeoutMs: number): Promise<void> {
    const { topic } = this.#options;
    const metadata = await new Promise<Metadata>((resolve, reject) => {
      this.#producer.connect({ topic, timeout: timeoutMs }, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
    const { partitions = [] } = metadata.topics.find(({ name }) => name === topic) ?? {};
    if (partitions.length === 0) throw new ReelstreamError('kafka', `topic ${topic} does not exist`);
    const identified = new Promise<void>((resolve) => {
      this.#onIdentified = resolve;
    });
    this.#polling = setInterval(() => this.#poll(), POLL_INTERVAL_MS);
    if (!this.#options.warmUp) return;
    // one partition of each leader will do
    const byLeader = new Map(partitions.map(({ leader, id }) => [leader, id]));
    await Promise.all([identified, ...[...byLeader.values()].map((id) => this.#ask(id, timeoutMs))]);
  }

  /** Asks a partition's leader for something, so that there is a connection. */
  #ask(partition: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#producer.queryWatermarkOffsets(this.#options.topic, partition, timeoutMs, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  tryWrite(key: Buffer | null, value: Buffer | null, tag = 0, placement?: Placement): boolean {
    if (this.#dead) throw this.#dead;
    // Without reports nobody would free what is passed along
    const passed: Tagged | undefined = this.#reportsAll
      ? { tag, atMs: this.#clock.monotonicMs() }
      : undefined;
    const bytes = value?.length === 0 ? EMPTY : value;
    try {
      if (placement === undefined)
        this.#producer.produce(this.#options.topic, null, bytes, key, null, passed);
      else this.#place(key, bytes, passed, placement);
    } catch (error) {
      return this.#refuse(error as LibrdKafkaError, value);
    }
    this.#enqueued++;
    return true;
  }

  #place(key: Buffer | null, value: Buffer | null, passed: unknown, { partition, headers }: Placement): void {
    const list = headers && Object.entries(headers).map(([name, text]) => ({ [name]: text }));
    this.#producer.produce(this.#options.topic, partition, value, key, null, passed, list ?? undefined);
  }

  /** There is no sign of room; a few milliseconds later many records have left. */
  async room(): Promise<void> {
    if (this.#dead) throw this.#dead;
    this.#poll();
    await this.#clock.sleep(this.#options.lingerMs ?? DEFAULT_LINGER_MS);
    if (this.#dead) throw this.#dead;
  }

  async flush(deadlineMs: number): Promise<WriterCounts> {
    const before = this.#enqueued;
    try {
      await this.#flushWithin(deadlineMs);
    } catch (cause) {
      if (this.#dead) throw this.#dead;
      const message = `${this.#options.topic}: not everything acknowledged within ${deadlineMs} ms`;
      throw new ReelstreamError('timeout', message, { cause });
    }
    await this.#awaitReports();
    if (this.#dead) throw this.#dead;
    if (before === this.#enqueued) this.#floor.set(this.#enqueued - this.#failed);
    return this.counts();
  }

  /** In slices, for a flush under way holds up the end of the process: whoever is in a hurry must not wait for the deadline. */
  async #flushWithin(deadlineMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    for (;;) {
      const leftMs = Math.max(0, endMs - this.#clock.monotonicMs());
      try {
        return await new Promise<void>((resolve, reject) => {
          this.#producer.flush(Math.min(leftMs, FLUSH_SLICE_MS), (error) =>
            error ? reject(error) : resolve(),
          );
        });
      } catch (error) {
        if (this.#dead || leftMs <= FLUSH_SLICE_MS || !TIMED_OUT.test((error as Error).message)) throw error;
      }
    }
  }

  counts(): WriterCounts {
    const acked = this.#reportsAll ? this.#acked : this.#floor.acked;
    return { enqueued: this.#enqueued, acked, failed: this.#failed };
  }

  async close(deadlineMs: number): Promise<WriterCounts> {
    if (this.#polling && !this.#dead && deadlineMs > 0) {
      await this.flush(deadlineMs).catch((error: unknown) =>
        this.#logger.warn({ ...this.counts(), error: String(error) }, 'closing with records in flight'),
      );
    }
    if (this.#polling) clearInterval(this.#polling);
    this.#polling = null;
    if (!this.#producer.isConnected()) return this.counts();
    const gone = new Promise<void>((resolve) => this.#producer.disconnect(0, () => resolve()));
    await withDeadline(gone, CLOSE_TIMEOUT_MS, this.#clock, 'disconnecting').catch((error: unknown) =>
      this.#logger.warn({ error: String(error) }, 'producer not disconnected'),
    );
    return this.counts();
  }

  #refuse(error: LibrdKafkaError, value: Buffer | null): false {
    if (error.code === QUEUE_FULL) return false;
    if (error.code === MESSAGE_TOO_LARGE) {
      const message = `${this.#options.topic}: a record of ${value?.length} bytes is larger than the client sends`;
      throw new ReelstreamError('bad_data', message, { cause: error });
    }
    throw new ReelstreamError('kafka', `${this.#options.topic}: ${error.message}`, { cause: error });
  }

  #poll(): void {
    if (!this.#producer.isConnected()) return;
    this.#producer.poll();
    if (!this.#reportsAll) this.#floor.sample(Number(process.hrtime.bigint() / 1_000n), this.#enqueued);
  }

  #onReport(error: Error | null, report: rdkafka.DeliveryReport): void {
    this.#reports++;
    if (error) {
      this.#failed++;
      this.#options.onFailed?.(error, recordValue(report));
    } else {
      this.#acked++;
    }
    if (!this.#reportsAll) return;
    const { tag, atMs } = report.opaque as Tagged;
    const latencyMs = this.#clock.monotonicMs() - atMs;
    const { partition } = report;
    this.#options.onReport?.({ tag, partition, offset: error ? -1 : report.offset, latencyMs, error });
  }

  /** Connections come and go and the client sees to them; only a fatal error ends it: order can no longer be kept. */
  #onError(error: LibrdKafkaError): void {
    if (error.code !== FATAL) {
      this.#logger.warn({ error: error.message, code: error.code }, 'producer reports a problem');
      return;
    }
    this.#dead = new ReelstreamError('kafka', `${this.#options.topic}: ${error.message}`, { cause: error });
    this.#logger.error({ error: error.message }, 'producer is dead: idempotence cannot be kept');
  }

  /** `ts` is the client's monotonic clock in microseconds, on Linux the same as ours. Source: STATISTICS.md */
  #onStatistics(event: unknown): void {
    const { message } = event as { readonly message: string };
    const { ts, msg_cnt: held, eos } = JSON.parse(message) as Statistics;
    this.#floor.observe(ts, held, this.#failed);
    if (eos?.idemp_state === 'Assigned') this.#onIdentified();
  }

  async #awaitReports(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      const before = this.#reports;
      this.#poll();
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#reports !== before) quiet = 0;
    }
  }
}

/** The types do not know that a report may carry the record's value. */
function recordValue(report: rdkafka.DeliveryReport): Buffer | null {
  return (report as { readonly value?: Buffer | null }).value ?? null;
}
