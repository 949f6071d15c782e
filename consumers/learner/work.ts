import { setMaxListeners } from 'node:events';
import { outcomeOf } from '../outcome.ts';
import { createResolveSchemas } from '../resolve-schemas.ts';
import { createRunMaker, type JudgedRun } from './apply-run.ts';
import { anotherRecord } from './check-log.ts';
import type { Following } from './following.ts';
import type { JournalEntry } from './journal-codec.ts';
import type { LearnerContext, LearnerSlot } from './learner-context.ts';
import { nextSliceSize } from './slice-size.ts';

/** Poison may name any schema id. What one look-up does not answer, the next one asks. */
const MAX_IDS_PER_LOOKUP = 256;
const FIRST_SLICE_RECORDS = 16;

type RunEntry = Extract<JournalEntry, { kind: 'run' }>;

/** Held fetches -> the model, one slice at a time. */
export interface Work {
  /** false when nothing can be learned now */
  step(): boolean;
  /** the registry has answered about what this slot holds */
  schemasResolved(slot: LearnerSlot): void;
}

export function createWork(ctx: LearnerContext, following: Following): Work {
  const { parts, queue, state, options } = ctx;
  const { clock, logger, decoder } = parts;
  const runs = createRunMaker(ctx);
  const resolveSchemas = createResolveSchemas({
    ...parts,
    decoder: {
      learn: decoder.learn,
      learnUnknown(schemaId) {
        state.unknownSchemas.add(schemaId);
        // behind what is left to follow it would stand at the wrong place; the next snapshot holds it
        if (following.current === null) ctx.journal.append({ kind: 'unknown_schema', schemaId });
        decoder.learnUnknown(schemaId);
      },
    },
  });
  let sliceRecords = FIRST_SLICE_RECORDS;

  function step(): boolean {
    const startedAtMs = clock.monotonicMs();
    const entry = following.current;
    const records = entry === null ? takeNext() : follow(entry);
    if (records === null) return false;
    // short ones say nothing about what a record costs
    if (records >= sliceRecords) {
      sliceRecords = nextSliceSize(sliceRecords, clock.monotonicMs() - startedAtMs, options.sliceMs);
    }
    return true;
  }

  /** Free: the fetch that came first gives a slice, then waits behind the others. */
  function takeNext(): number | null {
    const slot = queue[0];
    if (!slot) return null;
    const run = runs.judge(slot, slot.held!, sliceRecords, Number.POSITIVE_INFINITY);
    queue.shift();
    if (run === 'unresolved') return ask(slot);
    if (run !== null) {
      const { first, next, fingerprint } = run;
      ctx.journal.append({ kind: 'run', partition: slot.partition, first, next, fingerprint });
      runs.apply(run);
      if (run.isUnresolved) return run.records + ask(slot);
    }
    if (slot.held!.next < slot.held!.fetch.records.length) queue.push(slot);
    else finish(slot);
    return run?.records ?? 0;
  }

  /** Records that were taken; null when what is due has not been fetched yet. */
  function follow(entry: JournalEntry): number | null {
    if (entry.kind === 'run') return followRun(entry);
    if (entry.kind === 'replay') ctx.metrics.replayed(state.recommender.replay(entry.rounds));
    else {
      state.unknownSchemas.add(entry.schemaId);
      decoder.learnUnknown(entry.schemaId);
    }
    following.advance();
    return 0;
  }

  function followRun(entry: RunEntry): number | null {
    const slot = ctx.slots.get(entry.partition);
    const held = slot?.held;
    if (!slot || !held || slot.asking) return null;
    const found = reachedBy(slot);
    const isMissing = held.next < held.fetch.records.length ? found !== entry.first : found > entry.first;
    if (!following.isBegun && isMissing) return abandon(entry, found);
    const run = runs.judge(slot, held, sliceRecords, entry.next);
    if (run === 'unresolved') return ask(slot);
    if (run !== null) takeFollowed(run);
    if (following.isBegun && reachedBy(slot) >= entry.next) complete(slot, entry);
    if (run?.isUnresolved) ask(slot);
    else if (held.next === held.fetch.records.length) finish(slot);
    return run?.records ?? 0;
  }

  function takeFollowed(run: JudgedRun): void {
    following.isBegun = true;
    runs.apply(run);
  }

  function complete({ partition, learned }: LearnerSlot, entry: RunEntry): void {
    const { offset, valueHash } = learned.last!;
    if (Number.parseInt(valueHash.slice(-8), 16) !== entry.fingerprint) {
      throw anotherRecord(options.topic, partition, offset);
    }
    following.advance();
  }

  /** Entries are missing, as after a loss of power: from here on arrival decides. */
  function abandon(entry: RunEntry, found: number): number {
    const entries = following.abandon();
    logger.warn(
      { partition: entry.partition, expected: entry.first, found, entries },
      'the journal has a gap: what is behind it is learned in order of arrival',
    );
    return 0;
  }

  function finish(slot: LearnerSlot): void {
    const { nextPosition } = slot.held!.fetch;
    slot.run.finish(nextPosition);
    slot.learned.position = nextPosition;
    ctx.waiters.moved(slot.partition, nextPosition);
    leaveQueue(slot);
    release(slot);
  }

  function leaveQueue(slot: LearnerSlot): void {
    const at = queue.indexOf(slot);
    if (at >= 0) queue.splice(at, 1);
  }

  /** Only this partition waits: an outage of the registry lasts as long as it lasts. */
  function ask(slot: LearnerSlot): number {
    const { records } = slot.held!.fetch;
    const ids = new Set<number>();
    for (let at = slot.held!.next; at < records.length && ids.size < MAX_IDS_PER_LOOKUP; at++) {
      const { unresolved } = decoder.decode(records[at]!.value);
      if (unresolved !== undefined) ids.add(unresolved);
    }
    leaveQueue(slot);
    const asking = new AbortController();
    setMaxListeners(MAX_IDS_PER_LOOKUP, asking.signal);
    slot.asking = asking;
    void outcomeOf(resolveSchemas(ids, asking.signal)).then((outcome) => {
      if (slot.asking === asking) ctx.post({ kind: 'schemas_resolved', slot, outcome });
    });
    return 0;
  }

  return {
    step,
    schemasResolved(slot) {
      slot.asking = null;
      if (slot.held) queue.push(slot);
    },
  };
}

/** Offset behind which nothing of this slot has been taken. */
function reachedBy({ held, learned }: LearnerSlot): number {
  return held?.fetch.records[held.next]?.offset ?? held?.fetch.nextPosition ?? learned.position;
}

export function release(slot: LearnerSlot): void {
  const { held } = slot;
  slot.held = null;
  held?.release();
}
