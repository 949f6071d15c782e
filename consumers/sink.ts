import { createBackoff } from '../core/backoff.ts';
import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import { createClaims } from './claims.ts';
import { createCommitHints } from './commit-hints.ts';
import { createFlushing } from './flush.ts';
import { createHandover } from './handover.ts';
import { createInbox } from './inbox.ts';
import { createIntake } from './intake.ts';
import { createSinkBatch } from './sink-batch.ts';
import type { SinkContext, SinkEvent, SinkOptions, SinkParts } from './sink-context.ts';
import { createSinkMetrics } from './sink-metrics.ts';
import { notReadyReasons, publishGauges, type SinkStatus, statusOf } from './sink-status.ts';

/** The loop wakes at least this often, for the gauges. */
const TICK_MS = 1_000;
const STUCK_AFTER_MS = 60_000;

const DEFAULTS = { retryMinMs: 250, retryMaxMs: 15_000, fencedRetryMs: 5_000, commitIntervalMs: 1_000 };

type Handlers = { readonly [K in SinkEvent['kind']]: (event: Extract<SinkEvent, { kind: K }>) => void };

/**
 * Kafka -> ClickHouse, exactly once per log record (docs/delivery.md).
 * One loop owns all state. Callbacks of the reader and work in the background only leave events for it, and handling an
 * event never waits. After the events, `advance` looks at the state and starts whatever is due, so that nothing depends
 * on which event came first.
 */
export class Sink {
  readonly #ctx: SinkContext;
  readonly #inbox;
  readonly #handlers: Handlers;
  readonly #advance: () => void;
  readonly #waitMs: () => number;
  readonly #finished: Promise<void>;
  #resolveFinished: () => void = () => {};
  #rejectFinished: (error: ReelstreamError) => void = () => {};
  #isRunning = false;
  #turnedAtMs: number;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SinkOptions, parts: SinkParts) {
    this.#turnedAtMs = parts.clock.monotonicMs();
    this.#inbox = createInbox<SinkEvent>(parts.clock);
    const ctx: SinkContext = {
      options: { ...DEFAULTS, ...options },
      parts,
      metrics: createSinkMetrics(parts.metrics, options.topic, options.group),
      post: (event) => this.#inbox.post(event),
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
    this.#handlers = {
      assigned: ({ partitions }) => handover.assigned(partitions),
      revoked: ({ partitions, done }) => handover.revoked(partitions, revokeTimeoutMs, done),
      lost: ({ partitions }) => handover.lost(partitions),
      fetched: ({ fetch, release }) => intake.fetched(fetch, release),
      claimed: (event) => claims.claimed(event),
      recovered: ({ slot, claimed, outcome }) => claims.recovered(slot, claimed, outcome),
      flushed: ({ outcome }) => flushing.flushed(outcome),
      schemas_resolved: ({ slot, outcome }) => intake.schemasResolved(slot, outcome),
      unreadable: ({ partition, error }) => claims.unreadable(partition, error),
      failed: ({ error }) => this.#failed(error),
      stop: ({ done }) => {
        ctx.draining = true;
        handover.revoked([...ctx.owned.keys()], drainTimeoutMs, done);
      },
    };
    this.#advance = () => {
      const nowMs = parts.clock.monotonicMs();
      flushing.advance(nowMs);
      intake.takeHeld();
      claims.advance(nowMs);
      commits.advance(nowMs);
      handover.advance(nowMs);
      publishGauges(ctx);
    };
    this.#waitMs = () => {
      const nowMs = parts.clock.monotonicMs();
      return Math.min(TICK_MS, flushing.dueInMs(nowMs), claims.dueInMs(nowMs), handover.dueInMs(nowMs));
    };
    this.#finished = new Promise((resolve, reject) => {
      this.#resolveFinished = resolve;
      this.#rejectFinished = reject;
    });
    // a failure that comes before anybody looks at `done` is still there when they do
    this.#finished.catch(() => {});
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
    this.#isRunning = true;
    this.#loop = this.#run();
  }

  /** Resolves after `stop`; rejects when something happened that trying again cannot cure. Then `stop` drains. */
  get done(): Promise<void> {
    return this.#finished;
  }

  /** Takes nothing new, flushes and commits what it has within `drainTimeoutMs`, leaves the group. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    await new Promise<void>((done) => this.#inbox.post({ kind: 'stop', done }));
    await this.#ctx.parts.reader.stop();
    this.#isRunning = false;
    // wakes the loop, so that it sees that it is over
    this.#inbox.post({ kind: 'lost', partitions: [] });
    await this.#loop;
    this.#resolveFinished();
  }

  /** false when the loop has stopped turning */
  isAlive(): boolean {
    return this.#ctx.parts.clock.monotonicMs() - this.#turnedAtMs < STUCK_AFTER_MS;
  }

  /** empty when ready */
  notReady(): string[] {
    return notReadyReasons(this.#ctx);
  }

  status(): SinkStatus {
    return statusOf(this.#ctx);
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      this.#turnedAtMs = this.#ctx.parts.clock.monotonicMs();
      for (const event of await this.#inbox.take(this.#waitMs())) {
        this.#guarded(() => this.#handle(event));
      }
      this.#guarded(this.#advance);
    }
  }

  #handle<K extends SinkEvent['kind']>(event: Extract<SinkEvent, { kind: K }>): void {
    const handler = this.#handlers[event.kind as K] as (event: Extract<SinkEvent, { kind: K }>) => void;
    handler(event);
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#failed(toReelstreamError(thrown));
    }
  }

  #failed(error: ReelstreamError): void {
    this.#ctx.draining = true;
    this.#rejectFinished(error);
  }
}
