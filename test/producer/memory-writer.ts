import type { Clock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { LogWriter, WriterCounts } from '../../kafka/log-writer.ts';

export interface Written {
  readonly key: string;
  readonly value: Buffer;
}

/** A writer without a broker: the test decides when records are acknowledged, lost or refused. */
export class MemoryWriter implements LogWriter {
  /** in order; the first `acked` are on the log for good */
  readonly records: Written[] = [];
  acked = 0;
  failed = 0;
  capacity = Number.POSITIVE_INFINITY;
  /** whether `flush` finds everything acknowledged */
  answers = true;
  dead: ReelstreamError | null = null;
  refusals = 0;
  flushes = 0;
  readonly #clock: Clock;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tryWrite(key: Buffer | null, value: Buffer | null): boolean {
    if (this.dead) throw this.dead;
    if (this.records.length - this.acked - this.failed >= this.capacity) {
      this.refusals += 1;
      return false;
    }
    this.records.push({ key: String(key), value: Buffer.from(value!) });
    return true;
  }

  room(): Promise<void> {
    if (this.dead) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** the broker acknowledges everything */
  ack(): void {
    this.acked = this.records.length - this.failed;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  die(): void {
    this.dead = new ReelstreamError('kafka', 'the writer is dead');
    for (const { reject } of this.#waiting.splice(0)) reject(this.dead);
  }

  async flush(deadlineMs: number): Promise<WriterCounts> {
    this.flushes += 1;
    if (this.dead) throw this.dead;
    if (this.answers) this.ack();
    else await this.#clock.sleep(deadlineMs);
    if (this.dead) throw this.dead;
    if (this.acked + this.failed === this.records.length) return this.counts();
    throw new ReelstreamError('timeout', `still in flight after ${deadlineMs} ms`);
  }

  counts(): WriterCounts {
    return { enqueued: this.records.length, acked: this.acked, failed: this.failed };
  }

  async close(): Promise<WriterCounts> {
    return this.counts();
  }
}
