import { isInDomain, isLate } from './check.ts';
import type { Decoded } from './decoded.ts';
import type { DedupeWindow } from './dedupe-window.ts';
import type { LogRecord } from './log-record.ts';
import type { RatingEvent } from './rating-event.ts';
import {
  DEAD_LETTER_REASONS,
  type DeadLetterReason,
  deadLetter,
  drop,
  type Judgement,
  OK,
} from './verdict.ts';

/** Never throws, whatever the bytes; null is a tombstone. */
export type Decode = (value: Buffer | null) => Decoded<RatingEvent>;

export interface JudgeOptions {
  readonly decode: Decode;
  /** older event times are marked late */
  readonly allowedLatenessMs: number;
}

/** Null: no verdict yet, the record must be judged again once its schema is known. Nothing was remembered. */
export type Judge = (record: LogRecord, window: DedupeWindow) => Judgement | null;

/**
 * The verdict kernel: decode, check, dedupe. Sink and recommender judge with this one function, so that a record counts
 * in both or in neither. The verdict depends on the log alone: on the record, on the `ok` records before it (the window)
 * and on which schemas exist, never on when or how often the log is read.
 */
export function createJudge({ decode, allowedLatenessMs }: JudgeOptions): Judge {
  return function judge(record, window) {
    const decoded = decode(record.value);
    if (decoded.unresolved !== undefined) return null;
    if (decoded.event === undefined) return UNREADABLE[decoded.reason];
    const { event } = decoded;
    const late = isLate(event, record.logTsMs, allowedLatenessMs);
    if (!isInDomain(event, record.logTsMs)) return { verdict: deadLetter('domain'), event, late };
    if (event.kind === 'CANARY') return { verdict: drop('canary'), event, late };
    if (!window.admit(event.eventId, record.offset)) return { verdict: drop('duplicate'), event, late };
    return { verdict: OK, event, late };
  };
}

/** Judgements about values that gave no event: one shared instance per reason. */
const UNREADABLE = Object.fromEntries(
  DEAD_LETTER_REASONS.map((reason) => [reason, { verdict: deadLetter(reason), event: null, late: false }]),
) as Readonly<Record<DeadLetterReason, Judgement>>;
