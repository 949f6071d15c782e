import { createBackoff } from '../core/backoff.ts';
import { toReelstreamError } from '../core/errors.ts';
import { createClaims } from './claims.ts';
import { createCommitHints } from './commit-hints.ts';
import { createFlushing } from './flush.ts';
import { createHandover } from './handover.ts';
import { createIntake } from './intake.ts';
import { createSinkBatch } from './sink-batch.ts';
import type { SinkContext, SinkEvent, SinkOptions, SinkParts } from './sink-context.ts';
import { createSinkMetrics } from './sink-metrics.ts';
import { notReadyReasons, publishGauges, type SinkStatus, statusOf } from './sink-status.ts';
import { StateLoop, type Turns } from './state-loop.ts';

/** The loop wakes at least this often, for the gauges. */
const TICK_MS = 1_000;

const DEFAULTS = { retryMinMs: 250, retryMaxMs: 15_000, fencedRetryMs: 5_000, commitIntervalMs: 1_000 };

/**
 * Kafka -> ClickHouse, exactly once per log record (docs/delivery.md).
 * One loop owns all state. Callbacks of the reader and work in the background only leave events for it, and handling an
 * event never waits. After the events, `advance` looks at the state and starts whatever is due, so that nothing depends
 * on which event came first.
 */
export class Sink {
  readonly #ctx: SinkContext;
  readonly #loop: StateLoop<SinkEvent>;
  readonly #turns: Turns<SinkEvent>;

  constructor(options: SinkOptions, parts: SinkParts) {
    const loop = new StateLoop<SinkEvent>(parts.clock);
    this.#loop = loop;
    const ctx: SinkContext = {
      options: { ...DEFAULTS, ...options },
      parts,
      metrics: createSinkMetrics(parts.metrics, options.topic, options.group),
      post: (event) => loop.post(event),
      owned: new Map(),
      batch: createSinkBatch(parts.films, parts.clock.monotonicMs),
      inFlight: null,
      draining: false,
    };
    this.#ctx = ctx;
    const { retryMinMs, retryMaxMs, revokeTimeoutMs, drainTimeoutMs } = ctx.options;
    const backoff = createBackoff({ minMs: retryMinMs, maxMs: retryMaxMs });
    const intake = createIntake(ctx);
    const flushing = createFlushing(ctx, backoff);
    const claims = createClaims(ctx);
    const commits = createCommitHints(ctx);
    const handover = createHandover(ctx, commits);
    this.#turns = {
      handlers: {
        assigned: ({ partitions }) => handover.assigned(partitions),
        revoked: ({ partitions, done }) => handover.revoked(partitions, revokeTimeoutMs, done),
        lost: ({ partitions }) => handover.lost(partitions),
        fetched: ({ fetch, release }) => intake.fetched(fetch, release),
        claimed: (event) => claims.claimed(event),
        recovered: ({ slot, claimed, outcome }) => claims.recovered(slot, claimed, outcome),
        flushed: ({ outcome }) => flushing.flushed(outcome),
        schemas_resolved: ({ slot, outcome }) => intake.schemasResolved(slot, outcome),
        unreadable: ({ partition, error }) => claims.unreadable(partition, error),
        failed: ({ error }) => loop.fail(error),
        stop: ({ done }) => {
          ctx.draining = true;
          handover.revoked([...ctx.owned.keys()], drainTimeoutMs, done);
        },
      },
      advance() {
        const nowMs = parts.clock.monotonicMs();
        flushing.advance(nowMs);
        intake.takeHeld();
        claims.advance(nowMs);
        commits.advance(nowMs);
        handover.advance(nowMs);
        publishGauges(ctx);
      },
      waitMs() {
        const nowMs = parts.clock.monotonicMs();
        return Math.min(TICK_MS, flushing.dueInMs(nowMs), claims.dueInMs(nowMs), handover.dueInMs(nowMs));
      },
      failed() {
        ctx.draining = true;
      },
    };
  }

  /** Joins the group; partitions follow by themselves. */
  async start(): Promise<void> {
    const { post, parts } = this.#ctx;
    await parts.reader.start({
      onAssigned: (partitions) => post({ kind: 'assigned', partitions }),
      onRevoked: (partitions) => new Promise((done) => post({ kind: 'revoked', partitions, done })),
      onLost: (partitions) => post({ kind: 'lost', partitions }),
      onFetch: (fetch) => new Promise((release) => post({ kind: 'fetched', fetch, release })),
      onHalted: (partition, error) => post({ kind: 'unreadable', partition, error }),
      onFatal: (thrown) => post({ kind: 'failed', error: toReelstreamError(thrown) }),
    });
    this.#loop.run(this.#turns);
  }

  /** Resolves after `stop`; rejects when something happened that trying again cannot cure. Then `stop` drains. */
  get done(): Promise<void> {
    return this.#loop.done;
  }

  /** Takes nothing new, flushes and commits what it has within `drainTimeoutMs`, leaves the group. */
  async stop(): Promise<void> {
    const loop = this.#loop;
    if (!loop.isRunning) return;
    await new Promise<void>((done) => loop.post({ kind: 'stop', done }));
    await this.#ctx.parts.reader.stop();
    await loop.end();
    loop.finish();
  }

  /** false when the loop has stopped turning */
  isAlive(): boolean {
    return this.#loop.isAlive();
  }

  /** empty when ready */
  notReady(): string[] {
    return notReadyReasons(this.#ctx);
  }

  status(): SinkStatus {
    return statusOf(this.#ctx);
  }
}
