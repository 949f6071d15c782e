import type { ClaimedSlot } from '../clickhouse/sink-store.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOffsetRun } from '../core/offset-run.ts';
import { isDependencyFault, type Outcome, outcomeOf } from './outcome.ts';
import { type ClaimLane, changeState, laneOf, type OwnedSlot } from './owned-slot.ts';
import type { SinkContext, SinkEvent } from './sink-context.ts';
import { hasRows, pause, resume, toDoubt } from './slot-changes.ts';
import { compareWithLog, type Recovery, type TakeOverOptions, takeOver } from './take-over.ts';

/** Newly assigned and doubtful slots -> streaming slots. One claim at a time in each lane. */
export interface Claims {
  advance(nowMs: number): void;
  claimed(event: Extract<SinkEvent, { kind: 'claimed' }>): void;
  recovered(slot: OwnedSlot, claimed: ClaimedSlot, outcome: Outcome<Recovery>): void;
  /** the reader cannot go on from where the slot stands; what is judged is still flushed */
  unreadable(partition: number, error: ReelstreamError): void;
  /** ms until the next claim may begin; Infinity while there is nothing to claim */
  dueInMs(nowMs: number): number;
}

export function createClaims(ctx: SinkContext): Claims {
  const { parts, metrics, options } = ctx;
  const { clock, logger } = parts;
  const takeOverOptions: TakeOverOptions = {
    ...parts,
    topic: options.topic,
    stallTimeoutMs: options.stallTimeoutMs,
  };
  const running = new Set<ClaimLane>();

  const waiting = () =>
    [...ctx.owned.values()].filter((slot) => slot.state === 'unowned' || slot.state === 'doubt');

  function advance(nowMs: number): void {
    haltUnreadable();
    if (ctx.draining) return;
    const due = waiting()
      .filter((slot) => slot.claimAtMs <= nowMs)
      .sort((one, other) => one.claimAtMs - other.claimAtMs);
    const inLane = (lane: ClaimLane) => due.filter((slot) => laneOf(slot) === lane);
    begin('together', inLane('together'));
    begin('alone', inLane('alone').slice(0, 1));
  }

  function begin(lane: ClaimLane, slots: readonly OwnedSlot[]): void {
    if (running.has(lane) || slots.length === 0) return;
    const startedAtMs = clock.monotonicMs();
    for (const slot of slots) changeState(slot, 'claiming', startedAtMs);
    running.add(lane);
    // a claim of slots that are all gone again would only fence their new owner
    const beat = async () => {
      if (slots.every((slot) => slot.state !== 'claiming')) {
        throw new ReelstreamError('unavailable', 'claim given up: its partitions went away');
      }
    };
    const partitions = slots.map((slot) => slot.partition);
    void outcomeOf(takeOver(takeOverOptions, partitions, beat)).then((outcome) => {
      const seconds = (clock.monotonicMs() - startedAtMs) / 1_000;
      ctx.post({ kind: 'claimed', lane, slots, seconds, outcome });
    });
  }

  function claimed({ lane, slots, seconds, outcome }: Extract<SinkEvent, { kind: 'claimed' }>): void {
    running.delete(lane);
    const still = slots.filter((slot) => slot.state === 'claiming');
    if (!outcome.ok) {
      failed(still, outcome.error, 'claim');
      return;
    }
    metrics.claimed(seconds);
    const byPartition = new Map(outcome.value.map((one) => [one.partition, one]));
    for (const slot of still) {
      const one = byPartition.get(slot.partition);
      if (!one)
        throw new ReelstreamError('unknown', `the store did not answer for partition ${slot.partition}`);
      metrics.recovered(slot.claimCause, one);
      slot.slot = one.slot;
      slot.epoch = one.epoch;
      changeState(slot, 'recovering', clock.monotonicMs());
      void outcomeOf(compareWithLog(takeOverOptions, one)).then((recovery) =>
        ctx.post({ kind: 'recovered', slot, claimed: one, outcome: recovery }),
      );
    }
  }

  function recovered(slot: OwnedSlot, one: ClaimedSlot, outcome: Outcome<Recovery>): void {
    if (slot.state !== 'recovering') return;
    if (!outcome.ok) {
      failed([slot], outcome.error, 'recovery');
      return;
    }
    settle(slot, one);
    const { value } = outcome;
    if (value.haltReason === undefined) stream(slot, value, one.repairs.length);
    else halt(slot, value.haltReason);
  }

  function stream(slot: OwnedSlot, value: Exclude<Recovery, { haltReason: string }>, repairs: number): void {
    slot.haltReason = null;
    slot.claimFailures = 0;
    slot.run = createOffsetRun(value.position);
    slot.window = value.window;
    slot.durablePosition = value.position;
    changeState(slot, 'streaming', clock.monotonicMs());
    resume(ctx, slot);
    logger.info(
      { partition: slot.partition, slot: slot.slot, position: value.position, repairs },
      'slot recovered: streaming',
    );
  }

  /** A flush of unknown outcome has landed if the table goes on behind it: one slot's rows are all there, or none. */
  function settle(slot: OwnedSlot, { last }: ClaimedSlot): void {
    const { unsettled } = slot;
    slot.unsettled = null;
    if (!unsettled) return;
    if (last !== null && last.offset >= unsettled.last) metrics.settled(unsettled.tally, clock.nowMs());
    else metrics.abandoned(unsettled.tally.rows);
  }

  /** Retention overtook us, or the topic was truncated. Records that are read already may exist nowhere else. */
  function unreadable(partition: number, { message }: ReelstreamError): void {
    const slot = ctx.owned.get(partition);
    if (slot?.state !== 'streaming') return;
    pause(ctx, slot);
    slot.haltReason = message;
  }

  function haltUnreadable(): void {
    for (const slot of ctx.owned.values()) {
      const { state, haltReason } = slot;
      if (state === 'streaming' && haltReason !== null && !slot.held && !hasRows(ctx, slot)) {
        halt(slot, haltReason);
      }
    }
  }

  function halt(slot: OwnedSlot, reason: string): void {
    slot.haltReason = reason;
    changeState(slot, 'halted', clock.monotonicMs());
    logger.error(
      { partition: slot.partition, slot: slot.slot },
      `HALTED, nothing is read or written: ${reason}`,
    );
  }

  function failed(slots: readonly OwnedSlot[], error: ReelstreamError, what: string): void {
    if (error.code === 'halted') {
      for (const slot of slots) halt(slot, error.message);
      return;
    }
    if (!isDependencyFault(error)) ctx.post({ kind: 'failed', error });
    if (slots.length === 0) return;
    for (const slot of slots) {
      slot.claimFailures += 1;
      toDoubt(ctx, slot, retryMsOf(slot));
    }
    const waitMs = retryMsOf(slots[0]!);
    logger.warn(
      { code: error.code, partitions: slots.map((slot) => slot.partition), waitMs, error: error.message },
      `${what} failed: will be tried again`,
    );
  }

  /** Of its own, or the flushes of the others would shorten the waits of a slot that never succeeds. */
  function retryMsOf({ claimFailures }: OwnedSlot): number {
    return Math.min(options.retryMaxMs, options.retryMinMs * 2 ** (claimFailures - 1));
  }

  function dueInMs(nowMs: number): number {
    if (ctx.draining) return Number.POSITIVE_INFINITY;
    const next = waiting().filter((slot) => !running.has(laneOf(slot)));
    return Math.max(0, Math.min(...next.map((slot) => slot.claimAtMs)) - nowMs);
  }

  return { advance, claimed, recovered, unreadable, dueInMs };
}
