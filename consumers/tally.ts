import {
  DEAD_LETTER_REASONS,
  type DeadLetterReason,
  DROP_REASONS,
  type DropReason,
  reasonOf,
  type Verdict,
} from '../core/verdict.ts';

/** What became of a run of records, for the metrics: counted when the rows are durable, not before. */
export interface Tally {
  rows: number;
  /** `none` counts the `ok` ones */
  readonly byReason: Record<DropReason | DeadLetterReason | 'none', number>;
  /**
   * Kafka times in runs of equal ones. A broker stamps whole record batches, so there are few runs, and the delay
   * histogram can be filled per run instead of per record.
   */
  readonly logTsMs: number[];
  readonly logTsCounts: number[];
}

const NO_REASONS = Object.fromEntries(
  ['none', ...DROP_REASONS, ...DEAD_LETTER_REASONS].map((reason) => [reason, 0]),
) as Tally['byReason'];

export function createTally(): Tally {
  return { rows: 0, byReason: { ...NO_REASONS }, logTsMs: [], logTsCounts: [] };
}

export function count(tally: Tally, verdict: Verdict, logTsMs: number): void {
  tally.rows += 1;
  tally.byReason[reasonOf(verdict)] += 1;
  const run = tally.logTsMs.length - 1;
  if (run >= 0 && tally.logTsMs[run] === logTsMs) {
    tally.logTsCounts[run]! += 1;
  } else {
    tally.logTsMs.push(logTsMs);
    tally.logTsCounts.push(1);
  }
}
