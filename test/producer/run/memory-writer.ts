import type { Clock } from '../../../core/clock.ts';
import { ReelstreamError } from '../../../core/errors.ts';
import type { LogWriter, Placement, WriterCounts } from '../../../kafka/log-writer.ts';

export interface Written {
  readonly key: string;
  readonly value: Buffer;
  readonly tag: number;
  readonly placement: Placement | null;
}

/** A writer without a broker: the test decides when records are acknowledged, lost or refused. */
export class MemoryWriter implements LogWriter {
  /** in order; the first `acked` are on the log for good */
  readonly records: Written[] = [];
  acked = 0;
  failed = 0;
  capacity = Number.POSITIVE_INFINITY;
  /** whether the broker answers by itself */
  answers = true;
  dead: ReelstreamError | null = null;
  refusals = 0;
  flushes = 0;
  readonly #clock: Clock;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** called for every record that is acknowledged, as a writer with a report per record does */
  onReport: ((tag: number, failed: boolean) => void) | null = null;
  #reported = 0;

  tryWrite(key: Buffer | null, value: Buffer | null, tag = 0, placement?: Placement): boolean {
    if (this.dead) throw this.dead;
    if (this.records.length - this.acked - this.failed >= this.capacity) {
      this.refusals += 1;
      return false;
    }
    this.records.push({
      key: String(key),
      value: Buffer.from(value ?? ''),
      tag,
      placement: placement ?? null,
    });
    return true;
  }

  get error(): ReelstreamError | null {
    return this.dead;
  }

  room(): Promise<void> {
    if (this.dead) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** the broker acknowledges everything */
  ack(): void {
    this.acked = this.records.length - this.failed;
    for (; this.#reported < this.records.length; this.#reported++) {
      this.onReport?.(this.records[this.#reported]!.tag, false);
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** the oldest record without an answer is given up */
  lose(): void {
    this.failed += 1;
    this.onReport?.(this.records[this.#reported++]!.tag, true);
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
