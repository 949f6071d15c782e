import {
  DEAD_LETTER_REASONS,
  type DeadLetterReason,
  DROP_REASONS,
  type DropReason,
} from '../../core/verdict.ts';
import { expectedOf } from '../faults/expected.ts';

/** Verdict and reason in one word: no reason belongs to two verdicts. */
export type Outcome = 'ok' | DropReason | DeadLetterReason;
export const OUTCOMES: readonly Outcome[] = ['ok', ...DEAD_LETTER_REASONS, ...DROP_REASONS];

/** What must have become of the record at an offset, small enough for four bits. */
export type OutcomeCode = number;
/** the log holds no record there */
export const NO_RECORD: OutcomeCode = 0;
/** a record about which the ledger says nothing: any verdict will do, but there must be one */
export const ANY_OUTCOME: OutcomeCode = 15;

const CODES = new Map<Outcome, OutcomeCode>(OUTCOMES.map((outcome, i) => [outcome, i + 1]));

export function codeOf(outcome: Outcome): OutcomeCode {
  return CODES.get(outcome)!;
}

/**
 * What must become of an event's first record; null when it has none.
 * @param label undefined for an event that went as planned
 * @throws ReelstreamError `bad_data` for a label that this version does not know
 */
export function outcomeFor(label: string | undefined): Outcome | null {
  if (label === undefined) return 'ok';
  const { verdict, reason } = expectedOf(label);
  if (verdict === 'none') return null;
  return reason === 'none' ? 'ok' : reason;
}

export function nameOf(code: OutcomeCode): string {
  if (code === NO_RECORD) return 'no record';
  return code === ANY_OUTCOME ? 'any verdict' : OUTCOMES[code - 1]!;
}

const DEAD_LETTERS: ReadonlySet<OutcomeCode> = new Set(DEAD_LETTER_REASONS.map(codeOf));

export function isDeadLetter(code: OutcomeCode): boolean {
  return DEAD_LETTERS.has(code);
}
