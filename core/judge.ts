import { isInDomain, isLate } from './check.ts';
import type { DedupeWindow } from './dedupe-window.ts';
import type { LogRecord } from './log-record.ts';
import type { RatingEvent } from './rating-event.ts';
import { type DeadLetterReason, deadLetter, drop, type Judgement, OK } from './verdict.ts';

/** What the codec says about one value. `unresolved` means: ask the registry about this schema id, then try again. */
export type Decoded =
  | { readonly event: RatingEvent; readonly reason?: undefined; readonly unresolved?: undefined }
  | { readonly event?: undefined; readonly reason: DeadLetterReason; readonly unresolved?: undefined }
  | { readonly event?: undefined; readonly reason?: undefined; readonly unresolved: number };

export type Decode = (value: Buffer) => Decoded;

export interface JudgeOptions {
  readonly decode: Decode;
  /** older event times are marked late */
  readonly allowedLatenessMs: number;
  /** larger values are dead letters without being read */
  readonly maxRecordBytes: number;
}

/** No verdict yet: the record must be judged again once this schema id is known. Nothing was remembered. */
export interface Unresolved {
  readonly unresolved: number;
}

export type Judge = (record: LogRecord, window: DedupeWindow) => Judgement | Unresolved;

const TOO_LARGE: Judgement = unread('too_large');
const TOMBSTONE: Judgement = unread('decode');

/**
 * The verdict kernel: decode, check, dedupe. Sink and recommender judge with this one function, so that a record counts
 * in both or in neither. The verdict depends on the log alone: on the record, on the `ok` records before it (the window)
 * and on which schemas exist, never on when or how often the log is read.
 */
export function createJudge({ decode, allowedLatenessMs, maxRecordBytes }: JudgeOptions): Judge {
  return function judge(record, window) {
    const { value, logTsMs } = record;
    if (value === null) return TOMBSTONE;
    if (value.length > maxRecordBytes) return TOO_LARGE;
    const decoded = decode(value);
    if (decoded.unresolved !== undefined) return decoded as Unresolved;
    if (decoded.event === undefined) return UNREAD[decoded.reason];
    const { event } = decoded;
    const late = isLate(event, logTsMs, allowedLatenessMs);
    if (!isInDomain(event, logTsMs)) return { verdict: deadLetter('domain'), event, late };
    if (event.kind === 'CANARY') return { verdict: drop('canary'), event, late };
    if (!window.admit(event.eventId, record.offset)) return { verdict: drop('duplicate'), event, late };
    return { verdict: OK, event, late };
  };
}

/** Judgements about values that cannot be read: one shared instance per reason. */
const UNREAD: Readonly<Record<DeadLetterReason, Judgement>> = {
  bad_magic: unread('bad_magic'),
  unknown_schema: unread('unknown_schema'),
  decode: TOMBSTONE,
  trailing_bytes: unread('trailing_bytes'),
  domain: unread('domain'),
  too_large: TOO_LARGE,
};

function unread(reason: DeadLetterReason): Judgement {
  return Object.freeze({ verdict: deadLetter(reason), event: null, late: false });
}
