import { createJudge } from '../../core/judge.ts';
import type { LogRecord } from '../../core/log-record.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { valueHashOf } from '../../core/value-hash.ts';
import type { HeldFetch } from '../owned-slot.ts';
import { count, createTally, type Tally } from '../tally.ts';
import { hashOf } from './check-log.ts';
import type { LearnerContext, LearnerSlot } from './learner-context.ts';

/** A stretch of one partition, judged and not yet applied. */
export interface JudgedRun {
  readonly slot: LearnerSlot;
  readonly first: number;
  readonly next: number;
  /** low half of the last record's value hash */
  readonly fingerprint: number;
  /** behind it is a record of a schema that must be asked for */
  readonly isUnresolved: boolean;
  readonly records: number;
}

export interface RunMaker {
  /**
   * Judges up to `maxRecords` of what the slot holds, below offset `limit`; null when that is none. Remembers their ids as
   * seen, so what is judged must be applied.
   */
  judge(
    slot: LearnerSlot,
    held: HeldFetch,
    maxRecords: number,
    limit: number,
  ): JudgedRun | 'unresolved' | null;
  /** Scores and learns what was judged last, and moves the position. */
  apply(run: JudgedRun): void;
}

/** The path of every event, in two halves: between them the run is written down. */
export function createRunMaker(ctx: LearnerContext): RunMaker {
  const { state, parts, metrics, scoring, waiters } = ctx;
  const { recommender } = state;
  const judgeRecord = createJudge({
    decode: parts.decoder.decode,
    allowedLatenessMs: ctx.options.allowedLatenessMs,
  });
  const events: RatingEvent[] = [];
  const offsets: number[] = [];
  let tally: Tally = createTally();
  let last: LogRecord | null = null;

  function judge(slot: LearnerSlot, held: HeldFetch, maxRecords: number, limit: number) {
    const { records, nextPosition } = held.fetch;
    const { window } = slot.learned;
    const from = held.next;
    const end = Math.min(records.length, from + maxRecords);
    events.length = 0;
    offsets.length = 0;
    tally = createTally();
    let at = from;
    let isUnresolved = false;
    for (; at < end && records[at]!.offset < limit; at++) {
      const record = records[at]!;
      const judgement = judgeRecord(record, window);
      if (judgement === null) {
        isUnresolved = true;
        break;
      }
      count(tally, judgement.verdict, record.logTsMs);
      if (judgement.verdict.kind !== 'ok') continue;
      events.push(judgement.event!);
      offsets.push(record.offset);
    }
    if (at === from) return isUnresolved ? ('unresolved' as const) : null;
    held.next = at;
    last = records[at - 1]!;
    return {
      slot,
      first: records[from]!.offset,
      next: at < records.length ? records[at]!.offset : nextPosition,
      fingerprint: Number(valueHashOf(last.value) & 0xffffffffn),
      isUnresolved,
      records: at - from,
    };
  }

  function apply({ slot, next, records }: JudgedRun): void {
    let updates = 0;
    for (let i = 0; i < events.length; i++) {
      const event = events[i]!;
      scoring.before(event, offsets[i]!);
      const outcome = recommender.apply(event);
      scoring.after(outcome);
      parts.people.sawEvent(event);
      if (outcome !== 'unchanged' && outcome !== 'refused') updates += 1;
    }
    const { learned } = slot;
    learned.position = next;
    learned.last = { offset: last!.offset, logTsMs: last!.logTsMs, valueHash: hashOf(last!.value) };
    ctx.recordsSinceSnapshot += records;
    ctx.recordsSinceSync += records;
    metrics.applied(tally, updates, parts.clock.nowMs());
    waiters.moved(slot.partition, next);
  }

  return { judge, apply };
}
