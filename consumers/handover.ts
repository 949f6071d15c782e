import type { CommitHints } from './commit-hints.ts';
import { changeState, createOwnedSlot, type OwnedSlot } from './owned-slot.ts';
import type { SinkContext } from './sink-context.ts';
import { forget, hasRows, pause, releaseHeld } from './slot-changes.ts';

/** Partitions come and go. */
export interface Handover {
  assigned(partitions: readonly number[]): void;
  /** orderly: what is judged is flushed and committed first, within `timeoutMs`; then `done` is called */
  revoked(partitions: readonly number[], timeoutMs: number, done: () => void): void;
  /** already somebody else's */
  lost(partitions: readonly number[]): void;
  /** ends the hand-overs that have nothing left to wait for, or no time */
  advance(nowMs: number): void;
  /** ms until a hand-over runs out of time; Infinity without one */
  dueInMs(nowMs: number): number;
}

interface Release {
  readonly slots: readonly OwnedSlot[];
  readonly deadlineMs: number;
  readonly done: () => void;
}

export function createHandover(ctx: SinkContext, commits: CommitHints): Handover {
  const { clock, logger } = ctx.parts;
  let ownership = 0;
  let releases: Release[] = [];

  const slotsOf = (partitions: readonly number[]) =>
    partitions.flatMap((partition) => ctx.owned.get(partition) ?? []);

  function assigned(partitions: readonly number[]): void {
    ctx.metrics.rebalanced();
    // a partition that we still hold was lost in between without a word
    lost(partitions);
    if (ctx.draining) return;
    ownership += 1;
    for (const partition of partitions) {
      ctx.owned.set(partition, createOwnedSlot(partition, ownership, clock.monotonicMs()));
    }
    logger.info({ partitions, ownership }, 'partitions assigned');
  }

  function revoked(partitions: readonly number[], timeoutMs: number, done: () => void): void {
    const nowMs = clock.monotonicMs();
    const slots = slotsOf(partitions);
    for (const slot of slots) {
      // on its way out already: whoever asks now waits for the same flush
      if (slot.state === 'releasing') continue;
      if (slot.state !== 'streaming') {
        forget(ctx, slot);
        continue;
      }
      pause(ctx, slot);
      releaseHeld(slot);
      changeState(slot, 'releasing', nowMs);
    }
    releases.push({ slots, deadlineMs: nowMs + timeoutMs, done });
  }

  function lost(partitions: readonly number[]): void {
    const slots = slotsOf(partitions);
    for (const slot of slots) forget(ctx, slot);
    if (slots.length > 0) logger.warn({ partitions }, 'partitions lost: what was not durable is forgotten');
  }

  function advance(nowMs: number): void {
    const ready = releases.filter(
      ({ slots, deadlineMs }) => nowMs >= deadlineMs || !slots.some((slot) => hasRows(ctx, slot)),
    );
    if (ready.length === 0) return;
    releases = releases.filter((release) => !ready.includes(release));
    // a slot may be in two of them: the group's hand-over and the end of the process
    const leaving = [...new Set(ready.flatMap(({ slots }) => slots))].filter(
      (slot) => slot.state === 'releasing',
    );
    const unfinished = leaving.filter((slot) => hasRows(ctx, slot));
    if (unfinished.length > 0) {
      logger.warn(
        { partitions: unfinished.map((slot) => slot.partition) },
        'no time left to flush: the next owner reads these records again',
      );
    }
    void commits.commit(leaving).then(() => {
      for (const { done } of ready) done();
    });
    for (const slot of leaving) forget(ctx, slot);
  }

  function dueInMs(nowMs: number): number {
    return Math.max(0, Math.min(...releases.map((release) => release.deadlineMs)) - nowMs);
  }

  return { assigned, revoked, lost, advance, dueInMs };
}
