import type { RatingEvent } from './rating-event.ts';

/** Why a record goes to the dead-letter topic. Closed list: it is the metric's and the column's label set. */
export const DEAD_LETTER_REASONS = [
  'bad_magic',
  'unknown_schema',
  'decode',
  'trailing_bytes',
  'domain',
  'too_large',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** Why a good record counts for nothing. Closed list. */
export const DROP_REASONS = ['duplicate', 'canary'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Reasons that something is wrong with a record; a canary is the pipeline's own and well. */
export const FAULT_REASONS = ['duplicate', ...DEAD_LETTER_REASONS] as const;
export type FaultReason = (typeof FAULT_REASONS)[number];

export const VERDICTS = ['ok', 'drop', 'dead_letter'] as const;
export type VerdictKind = (typeof VERDICTS)[number];

/** What the pipeline decides about one record of the log; a function of the log, never of the clock. */
export type Verdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason };

export const OK: Verdict = Object.freeze({ kind: 'ok' });
const DROPS = Object.fromEntries(
  DROP_REASONS.map((reason) => [reason, Object.freeze({ kind: 'drop', reason })]),
);
const DEAD_LETTERS = Object.fromEntries(
  DEAD_LETTER_REASONS.map((reason) => [reason, Object.freeze({ kind: 'dead_letter', reason })]),
);

/** Shared instances: a verdict per record must not allocate. */
export const drop = (reason: DropReason): Verdict => DROPS[reason] as Verdict;
export const deadLetter = (reason: DeadLetterReason): Verdict => DEAD_LETTERS[reason] as Verdict;

/** `none` stands for "no reason" where a column or a label wants a value. */
export const reasonOf = (verdict: Verdict): DropReason | DeadLetterReason | 'none' =>
  verdict.kind === 'ok' ? 'none' : verdict.reason;

/** A verdict with what was learnt on the way; `event` is null where the bytes could not be read. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly event: RatingEvent | null;
  /** event time older than the allowed lateness at the record's Kafka time; a data figure, never a verdict */
  readonly late: boolean;
}
