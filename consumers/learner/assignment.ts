import { withDeadline } from '../../core/deadline.ts';
import { createOffsetRun } from '../../core/offset-run.ts';
import type { Fetch } from '../../kafka/log-reader.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import { whyNotReadable } from './check-log.ts';
import type { Checked, LearnerContext, LearnerSlot } from './learner-context.ts';
import { learnFrom } from './learner-state.ts';
import { release } from './work.ts';

/** Partitions come, are held against the log, and go. What was learned of them stays. */
export interface Assignment {
  assigned(partitions: readonly number[]): void;
  unassigned(partitions: readonly number[]): void;
  checked(slot: LearnerSlot, outcome: Outcome<Checked>): void;
  fetched(fetch: Fetch, giveBack: () => void): void;
  halted(partition: number, reason: string): void;
}

export function createAssignment(ctx: LearnerContext): Assignment {
  const { slots, state, parts, options } = ctx;
  const { reader, probe, clock, logger } = parts;

  function assigned(partitions: readonly number[]): void {
    unassigned([...slots.keys()]);
    for (const partition of partitions) {
      const learned = state.partitions.get(partition) ?? null;
      const slot: LearnerSlot = {
        partition,
        state: 'checking',
        isNew: learned === null,
        learned: learned ?? learnFrom(state, partition, 0),
        run: createOffsetRun(0),
        held: null,
        asking: null,
        haltReason: null,
        logEnd: Number.POSITIVE_INFINITY,
        target: Number.POSITIVE_INFINITY,
        committed: -1,
      };
      slots.set(partition, slot);
      check(slot);
    }
  }

  /** Until the log is known to go on where the model stands, nothing is read. */
  function check(slot: LearnerSlot): void {
    const look = async (): Promise<Checked> => {
      const bounds = (await probe.bounds(options.topic)).get(slot.partition);
      if (slot.isNew) slot.learned.position = bounds?.start ?? 0;
      const haltReason = await whyNotReadable(probe, options.topic, slot.learned);
      return { haltReason, end: bounds?.end ?? 0 };
    };
    const what = `look at ${options.topic}[${slot.partition}]`;
    void outcomeOf(withDeadline(look(), options.checkTimeoutMs, clock, what)).then((outcome) => {
      if (slots.get(slot.partition) === slot) ctx.post({ kind: 'checked', slot, outcome });
    });
  }

  function checked(slot: LearnerSlot, outcome: Outcome<Checked>): void {
    if (slot.state !== 'checking') return;
    if (!outcome.ok) {
      if (!outcome.error.retryable) throw outcome.error;
      logger.warn(
        { partition: slot.partition, error: outcome.error.message },
        'the log cannot be looked at yet',
      );
      void clock.sleep(options.checkTimeoutMs / 10).then(() => {
        if (slot.state === 'checking') check(slot);
      });
      return;
    }
    const { haltReason, end } = outcome.value;
    if (haltReason !== null) {
      halted(slot.partition, haltReason);
      return;
    }
    const { position } = slot.learned;
    slot.state = 'learning';
    slot.run = createOffsetRun(position);
    slot.logEnd = end;
    slot.target = end;
    reader.seek(slot.partition, position);
    reader.resume([slot.partition]);
  }

  function unassigned(partitions: readonly number[]): void {
    for (const partition of partitions) {
      const slot = slots.get(partition);
      if (!slot) continue;
      slots.delete(partition);
      slot.state = 'unowned';
      giveUp(slot);
    }
  }

  function giveUp(slot: LearnerSlot): void {
    slot.asking?.abort();
    slot.asking = null;
    const at = ctx.queue.indexOf(slot);
    if (at >= 0) ctx.queue.splice(at, 1);
    release(slot);
  }

  function fetched(fetch: Fetch, giveBack: () => void): void {
    const slot = slots.get(fetch.partition);
    if (ctx.draining || slot?.state !== 'learning') {
      giveBack();
      return;
    }
    if (slot.held || !slot.run.accepts(fetch)) {
      ctx.metrics.discarded(fetch.records.length);
      if (!slot.held) reader.seek(slot.partition, slot.run.position);
      giveBack();
      return;
    }
    slot.logEnd = fetch.highWatermark;
    slot.held = { fetch, next: 0, release: giveBack };
    ctx.queue.push(slot);
  }

  function halted(partition: number, reason: string): void {
    const slot = slots.get(partition);
    if (!slot) return;
    slot.state = 'halted';
    slot.haltReason = reason;
    giveUp(slot);
    reader.pause([partition]);
    logger.error({ partition, reason }, 'partition halted');
  }

  return { assigned, unassigned, checked, fetched, halted };
}
