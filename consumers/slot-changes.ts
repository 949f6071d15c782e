import { changeState, type OwnedSlot } from './owned-slot.ts';
import type { SinkContext } from './sink-context.ts';

/** True while records of the slot are judged and not durable. */
export function hasRows({ batch, inFlight }: SinkContext, slot: OwnedSlot): boolean {
  return batch.slots.has(slot) || inFlight?.slots.has(slot) === true;
}

/** True while the slot may still be written under its present ownership. */
export function isCurrent(slot: OwnedSlot): boolean {
  return slot.state === 'streaming' || slot.state === 'releasing';
}

export function pause({ parts }: SinkContext, slot: OwnedSlot): void {
  slot.paused = true;
  parts.reader.pause([slot.partition]);
}

/** Reads on from where the slot stands. */
export function resume({ parts }: SinkContext, slot: OwnedSlot): void {
  slot.paused = false;
  parts.reader.seek(slot.partition, slot.run!.position);
  parts.reader.resume([slot.partition]);
}

/** Gives back the reader's fetch; what was not taken of it is fetched again. */
export function releaseHeld(slot: OwnedSlot): void {
  const { held } = slot;
  slot.held = null;
  held?.release();
}

/** Something ended unclean: throw away all that is not durable, send nothing more before a new claim. */
export function toDoubt(ctx: SinkContext, slot: OwnedSlot, waitMs: number): void {
  const nowMs = ctx.parts.clock.monotonicMs();
  giveUp(ctx, slot);
  pause(ctx, slot);
  changeState(slot, 'doubt', nowMs);
  slot.claimCause = 'doubt';
  slot.claimAtMs = nowMs + waitMs;
}

/** The partition is not ours any more; its next owner starts from the tables. */
export function forget(ctx: SinkContext, slot: OwnedSlot): void {
  giveUp(ctx, slot);
  if (slot.unsettled) ctx.metrics.abandoned(slot.unsettled.tally.rows);
  slot.unsettled = null;
  if (slot.state !== 'unowned') changeState(slot, 'unowned', ctx.parts.clock.monotonicMs());
  if (ctx.owned.get(slot.partition) === slot) ctx.owned.delete(slot.partition);
}

function giveUp(ctx: SinkContext, slot: OwnedSlot): void {
  const removed = ctx.batch.remove(slot);
  if (removed) ctx.metrics.abandoned(removed.tally.rows);
  slot.asking?.abort();
  slot.asking = null;
  releaseHeld(slot);
}
