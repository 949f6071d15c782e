import type { ClaimedSlot } from '../clickhouse/sink-store.ts';
import type { Backoff } from '../core/backoff.ts';
import { ReelstreamError } from '../core/errors.ts';
import { createOffsetRun } from '../core/offset-run.ts';
import { type ClaimOptions, claimSlots, type Recovery, recoverSlot } from './claim-slots.ts';
import { isDependencyFault, type Outcome, outcomeOf } from './outcome.ts';
import { changeState, type OwnedSlot } from './owned-slot.ts';
import type { SinkContext } from './sink-context.ts';
import { hasRows, pause, resume, toDoubt } from './slot-changes.ts';

/** Newly assigned and doubtful slots -> streaming slots. One claim at a time, for all slots that need one. */
export interface Claims {
  advance(nowMs: number): void;
  claimed(slots: readonly OwnedSlot[], outcome: Outcome<readonly ClaimedSlot[]>): void;
  recovered(slot: OwnedSlot, claimed: ClaimedSlot, outcome: Outcome<Recovery>): void;
  /** the reader cannot go on from where the slot stands; what is judged is still flushed */
  unreadable(partition: number, error: ReelstreamError): void;
  /** ms until the next claim may begin; Infinity while there is nothing to claim */
  dueInMs(nowMs: number): number;
}

export function createClaims(ctx: SinkContext, backoff: Backoff): Claims {
  const { parts, metrics, options } = ctx;
  const { clock, logger } = parts;
  const claimOptions: ClaimOptions = {
    ...parts,
    topic: options.topic,
    stallTimeoutMs: options.stallTimeoutMs,
  };
  let isClaiming = false;
  let startedAtMs = 0;

  const waiting = () =>
    [...ctx.owned.values()].filter((slot) => slot.state === 'unowned' || slot.state === 'doubt');

  function advance(nowMs: number): void {
    haltUnreadable();
    if (isClaiming || ctx.draining) return;
    const slots = waiting().filter((slot) => slot.claimAtMs <= nowMs);
    if (slots.length === 0) return;
    for (const slot of slots) changeState(slot, 'claiming', nowMs);
    isClaiming = true;
    startedAtMs = nowMs;
    // a claim of slots that are all gone again would only fence their new owner
    const beat = async () => {
      if (slots.every((slot) => slot.state !== 'claiming')) {
        throw new ReelstreamError('unavailable', 'claim given up: its partitions went away');
      }
    };
    const partitions = slots.map((slot) => slot.partition);
    void outcomeOf(claimSlots(claimOptions, partitions, beat)).then((outcome) =>
      ctx.post({ kind: 'claimed', slots, outcome }),
    );
  }

  function claimed(slots: readonly OwnedSlot[], outcome: Outcome<readonly ClaimedSlot[]>): void {
    isClaiming = false;
    const still = slots.filter((slot) => slot.state === 'claiming');
    if (!outcome.ok) {
      failed(still, outcome.error, 'claim');
      return;
    }
    const byPartition = new Map(outcome.value.map((one) => [one.partition, one]));
    const seconds = (clock.monotonicMs() - startedAtMs) / 1_000;
    for (const slot of still) {
      const one = byPartition.get(slot.partition);
      if (!one)
        throw new ReelstreamError('unknown', `the store did not answer for partition ${slot.partition}`);
      metrics.claimed(slot.claimCause, one, seconds);
      slot.slot = one.slot;
      slot.epoch = one.epoch;
      changeState(slot, 'recovering', clock.monotonicMs());
      void outcomeOf(recoverSlot(claimOptions, one)).then((recovery) =>
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
    const waitMs = backoff.nextMs();
    for (const slot of slots) toDoubt(ctx, slot, waitMs);
    logger.warn(
      { code: error.code, partitions: slots.map((slot) => slot.partition), waitMs, error: error.message },
      `${what} failed: will be tried again`,
    );
  }

  function dueInMs(nowMs: number): number {
    if (isClaiming || ctx.draining) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(...waiting().map((slot) => slot.claimAtMs)) - nowMs);
  }

  return { advance, claimed, recovered, unreadable, dueInMs };
}
