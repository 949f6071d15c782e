import type { Clock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ReconcilerMeasure } from '../core/metrics/reconciler.ts';
import type { Metrics } from '../core/metrics-port.ts';

export interface Measure {
  readonly name: ReconcilerMeasure;
  readonly everyMs: number;
  /** looks, and exports what it saw */
  run(): Promise<void>;
}

export interface RoundsOptions {
  /** longest wait for one measure */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface MeasureStatus {
  readonly name: ReconcilerMeasure;
  /** end of its last success, wall clock; null before the first */
  readonly succeededAtMs: number | null;
  /** why its last attempt failed; null when it did not */
  readonly error: string | null;
}

/**
 * Every measure in its own rhythm: one that fails or hangs is counted and tried again, and stops no other. What hangs beyond its
 * deadline is not started a second time beside itself.
 */
export class Rounds {
  readonly #measures: readonly Measure[];
  readonly #options: RoundsOptions;
  readonly #over = new AbortController();
  readonly #status = new Map<ReconcilerMeasure, MeasureStatus>();
  readonly #hanging = new Set<ReconcilerMeasure>();
  #loops: Promise<void>[] = [];

  constructor(measures: readonly Measure[], options: RoundsOptions) {
    this.#measures = measures;
    this.#options = options;
    for (const { name } of measures) this.#status.set(name, { name, succeededAtMs: null, error: null });
    options.metrics.set('recon_last_success_timestamp_seconds', {}, options.clock.nowMs() / 1_000);
  }

  start(): void {
    this.#loops = this.#measures.map((measure) => this.#repeat(measure));
  }

  /** Waits for what is under way, at most for its deadline. */
  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#loops);
  }

  status(): MeasureStatus[] {
    return [...this.#status.values()];
  }

  async #repeat(measure: Measure): Promise<void> {
    const { clock } = this.#options;
    while (!this.#over.signal.aborted) {
      const startedMs = clock.monotonicMs();
      await this.#attempt(measure);
      const restMs = measure.everyMs - (clock.monotonicMs() - startedMs);
      await clock.sleep(Math.max(1, restMs), this.#over.signal);
    }
  }

  async #attempt({ name, run }: Measure): Promise<void> {
    const { clock, deadlineMs, metrics, logger } = this.#options;
    try {
      if (this.#hanging.has(name)) throw new ReelstreamError('timeout', `${name}: the last look still hangs`);
      this.#hanging.add(name);
      const work = run().finally(() => this.#hanging.delete(name));
      await withDeadline(work, deadlineMs, clock, name);
      this.#status.set(name, { name, succeededAtMs: clock.nowMs(), error: null });
      if (this.#isComplete()) {
        metrics.set('recon_last_success_timestamp_seconds', {}, clock.nowMs() / 1_000);
      }
    } catch (thrown) {
      const { code, message } = toReelstreamError(thrown);
      const before = this.#status.get(name);
      this.#status.set(name, { name, succeededAtMs: before?.succeededAtMs ?? null, error: message });
      metrics.add('recon_measure_failures_total', { measure: name });
      // an outage is said once, and again when it changes
      if (before?.error !== message)
        logger.warn({ measure: name, code, error: message }, 'could not measure');
    }
  }

  /** Every measure's last attempt succeeded: a stale figure is nowhere behind a fresh time. */
  #isComplete(): boolean {
    return this.status().every(({ succeededAtMs, error }) => succeededAtMs !== null && error === null);
  }
}
