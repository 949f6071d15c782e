import type { Backoff } from '../core/backoff.ts';
import { withDeadline } from '../core/deadline.ts';
import type { ReelstreamError } from '../core/errors.ts';
import { createFlushPolicy, type FlushReason, MAX_FAN_OUT } from '../core/flush-policy.ts';
import { createSendDeadLetters } from './dead-letters.ts';
import { isDependencyFault, type Outcome, outcomeOf } from './outcome.ts';
import type { OwnedSlot } from './owned-slot.ts';
import { createSinkBatch, type SinkBatch } from './sink-batch.ts';
import type { Flushed, SinkContext } from './sink-context.ts';
import { forget, isCurrent, toDoubt } from './slot-changes.ts';

/** Batch -> dead letters -> INSERT. One at a time, while the next batch fills. */
export interface Flushing {
  /** sends the filling batch when it is due */
  advance(nowMs: number): void;
  /** the answer to the one in flight */
  flushed(outcome: Outcome<Flushed>): void;
  /** ms until the filling batch comes of age; Infinity while there is nothing to wait for */
  dueInMs(nowMs: number): number;
}

interface InFlight {
  /** null while the dead letters go out, and for ever when nothing is left to insert */
  insertedAtMs: number | null;
  readonly abort: AbortController;
  /** what a success makes durable, by slot */
  readonly positions: ReadonlyMap<OwnedSlot, number>;
}

const MAX_FENCED_DOUBLINGS = 4;

export function createFlushing(ctx: SinkContext, backoff: Backoff): Flushing {
  const { options, parts, metrics } = ctx;
  const { clock, logger } = parts;
  const policy = createFlushPolicy({
    minIntervalMs: options.flushMinIntervalMs,
    maxIntervalMs: options.flushMaxIntervalMs,
    maxRows: options.maxBatchRows,
    maxBytes: options.maxBatchBytes,
    maxFanOut: MAX_FAN_OUT,
  });
  const sendDeadLetters = createSendDeadLetters({
    write: parts.writeDeadLetters,
    topic: options.topic,
    timeoutMs: options.deadLetterTimeoutMs,
    clock,
    logger,
  });
  let current: InFlight | null = null;

  function advance(nowMs: number): void {
    if (ctx.inFlight) {
      if ([...ctx.inFlight.slots.keys()].every((slot) => !isCurrent(slot))) current!.abort.abort();
      return;
    }
    const reason = policy.due(ctx.batch, nowMs - ctx.batch.openedAtMs) ?? (isHurried() ? 'drain' : null);
    if (reason) start(reason);
  }

  /** somebody waits for these rows: a partition that is going away, or the end of the process */
  const isHurried = () => [...ctx.batch.slots.keys()].some((slot) => slot.state === 'releasing');

  function start(reason: FlushReason): void {
    const { batch } = ctx;
    const positions = new Map([...batch.slots.keys()].map((slot) => [slot, slot.run!.reached]));
    const flight: InFlight = { insertedAtMs: null, abort: new AbortController(), positions };
    current = flight;
    ctx.inFlight = batch;
    ctx.batch = createSinkBatch(parts.films, clock.monotonicMs);
    policy.flushed(batch.rows);
    metrics.flushStarted(reason);
    void outcomeOf(send(batch, flight)).then((outcome) => ctx.post({ kind: 'flushed', outcome }));
  }

  /** Dead letters first: a crash in between writes them twice, the other order would lose them. */
  async function send(batch: SinkBatch<OwnedSlot>, flight: InFlight): Promise<Flushed> {
    await sendDeadLetters(
      [...batch.slots.values()].flatMap(({ letters }) => letters),
      flight.abort.signal,
    );
    const sent = new Set([...batch.slots.keys()].filter(isCurrent));
    const fenced = batch.take((slot) => sent.has(slot));
    if (fenced.rows > 0) {
      flight.insertedAtMs = clock.monotonicMs();
      await withDeadline(parts.store.insert(fenced), options.insertTimeoutMs, clock, 'INSERT');
    }
    return { sent, rows: fenced.rows };
  }

  function flushed(outcome: Outcome<Flushed>): void {
    const batch = ctx.inFlight!;
    const { insertedAtMs, positions } = current!;
    ctx.inFlight = null;
    current = null;
    if (insertedAtMs !== null) {
      const seconds = (clock.monotonicMs() - insertedAtMs) / 1_000;
      if (outcome.ok) metrics.inserted('ok', outcome.value.rows, seconds);
      else metrics.inserted(outcome.error.code === 'fenced' ? 'fenced' : 'doubt', batch.rows, seconds);
    }
    if (outcome.ok) succeeded(batch, outcome.value, positions);
    else failed(batch, outcome.error);
  }

  function succeeded(
    batch: SinkBatch<OwnedSlot>,
    { sent }: Flushed,
    positions: ReadonlyMap<OwnedSlot, number>,
  ): void {
    backoff.reset();
    const nowMs = clock.nowMs();
    for (const { owner, tally } of batch.slots.values()) {
      if (!sent.has(owner)) {
        metrics.abandoned(tally.rows);
        continue;
      }
      metrics.settled(tally, nowMs);
      owner.durablePosition = positions.get(owner)!;
      owner.timesFenced = 0;
    }
  }

  /**
   * Nobody knows what landed: perhaps nothing, perhaps the slots of one of two statements. So every slot of the batch is in
   * doubt and nothing is sent again blindly. Only of slots that somebody else took it is certain that they were refused.
   */
  function failed(batch: SinkBatch<OwnedSlot>, error: ReelstreamError): void {
    const partitions = [...batch.slots.keys()].map((slot) => slot.partition);
    logger.warn(
      { code: error.code, rows: batch.rows, partitions, error: error.message },
      'flush ended unclean: its slots are claimed anew and read on from the tables',
    );
    const isTaken = createIsTaken(error);
    const waitMs = error.code === 'fenced' ? 0 : backoff.nextMs();
    for (const { owner, last, tally } of batch.slots.values()) {
      const isStreaming = owner.state === 'streaming';
      if (isStreaming && !isTaken(owner)) owner.unsettled = { last, tally };
      else metrics.abandoned(tally.rows);
      if (isStreaming) toDoubt(ctx, owner, isTaken(owner) ? fencedWaitMs(owner) : waitMs);
      else if (owner.state === 'releasing') forget(ctx, owner);
    }
    if (!isDependencyFault(error)) ctx.post({ kind: 'failed', error });
  }

  /**
   * A slot that somebody else took is left alone for a while: a rebalance on its way should be seen first, and a rebuild
   * should get done. Each time for longer, or two who both think the slot is theirs would take it from each other for ever.
   */
  function fencedWaitMs(slot: OwnedSlot): number {
    slot.timesFenced += 1;
    return options.fencedRetryMs * 2 ** Math.min(MAX_FENCED_DOUBLINGS, slot.timesFenced - 1);
  }

  function dueInMs(nowMs: number): number {
    if (ctx.inFlight || ctx.batch.rows === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, ctx.batch.openedAtMs + policy.intervalMs - nowMs);
  }

  return { advance, flushed, dueInMs };
}

/** `fenced` names in `details.slots` the slots that have a newer owner; without names it may be any. */
function createIsTaken({ code, details }: ReelstreamError): (slot: OwnedSlot) => boolean {
  if (code !== 'fenced') return () => false;
  const taken = new Set(
    String(details.slots ?? '')
      .split(',')
      .filter(Boolean)
      .map(Number),
  );
  return ({ slot }) => taken.size === 0 || taken.has(slot);
}
