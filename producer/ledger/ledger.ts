import type { RunId } from '../../core/event-id.ts';

/**
 * A run's own account of what it sent. It does not repeat content, which is a function of seed and event number; it says
 * what was resolved and what was done on purpose. With `log` it is enough to hold every record of the topic against.
 */
export interface LedgerHeader {
  readonly runId: RunId;
  readonly seed: number;
  readonly faultSeed: number;
  /** first event number of this run, over all its workers */
  readonly first: number;
  /** this ledger is about the event numbers n >= first with (n - first) % workers === worker, its own ones */
  readonly worker: number;
  readonly workers: number;
  /** no event n is generated before event n - runAhead is resolved */
  readonly runAhead: number;
  /** where the records went; null for a run that wrote to no Kafka topic, which cannot be verified */
  readonly log: LedgerLog | null;
  /** every setting that content, timing and faults depend on, as text; whoever wants the run again reads it */
  readonly settings: string;
  /** ids under which the registry knows the schemas that the run writes */
  readonly schemaIds: readonly number[];
  /** wall clock, ms since 1970 */
  readonly startedAtMs: number;
}

export interface LedgerLog {
  readonly clusterId: string;
  readonly topic: string;
  /** by partition: end of the log before the run's first record */
  readonly startOffsets: readonly number[];
  /** missing in ledgers of older versions */
  readonly letters?: LedgerLetters;
}

export interface LedgerLetters {
  readonly topic: string;
  /** by partition: end of the dead-letter topic before the run's first record; none when there was no such topic */
  readonly startOffsets: readonly number[];
}

/**
 * The run's totals by its own counters, in events (an event and its copies count once). With everything resolved,
 * generated = acknowledged + failed + byLabel.drop; `verify` holds them against the other statements.
 */
export interface LedgerFooter {
  /** made, also when a drop fault kept them back */
  readonly generated: number;
  /** every record of theirs was taken by Kafka; without the ones that a drop fault kept back */
  readonly acknowledged: number;
  /** at least one record of theirs was given up */
  readonly failed: number;
  /** never made, by overload policy */
  readonly overloaded: number;
  /** events changed on purpose, by the label they were reported with */
  readonly byLabel: Readonly<Record<string, number>>;
  /** why the run ended, in the run's words */
  readonly stoppedBy: string;
  readonly elapsedMs: number;
}

/**
 * Appends statements; those about events are kept in memory until the next checkpoint, which is one write and one fsync.
 * Events that went as planned cost nothing. Calls about events throw RangeError when their number does not rise.
 */
export interface LedgerWriter {
  /** Event `n` was changed on purpose, with `copies` records beyond the first. Call when it is generated. */
  fault(n: number, label: string, copies: number): void;
  /** Event `n` is never generated: overload policy. */
  overloaded(n: number): void;
  /**
   * Every own event below `next` is resolved: acknowledged, kept back by a drop fault, overloaded, or among `failed` of this
   * or an earlier call. Durable when it resolves; rejects with what the disk said, and so does every later call.
   */
  checkpoint(next: number, failed: readonly number[]): Promise<void>;
  /** What is left, the footer, the end. */
  close(footer: LedgerFooter): Promise<void>;
}

/** What a ledger says, in the order in which it was written. */
export interface StatementHandlers {
  onFault(n: number, label: string, copies: number): void;
  /** `count` own numbers from `first` on */
  onOverloaded(first: number, count: number): void;
  onCheckpoint(next: number, failed: readonly number[]): void;
}

/** The file of one worker: `path` itself for a single one, `path.0`, `path.1` … for several. */
export function ledgerFileOf(path: string, worker: number, workers: number): string {
  return workers === 1 ? path : `${path}.${worker}`;
}
