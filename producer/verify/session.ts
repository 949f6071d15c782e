import type { LedgerFooter, LedgerHeader, StatementHandlers } from '../ledger/ledger.ts';
import { createNumberRanges, type NumberRanges } from './number-ranges.ts';

/** One ledger: what one worker of one start of the run said about its own event numbers. */
export interface Session {
  readonly header: LedgerHeader;
  /** null: killed, or still running */
  readonly footer: LedgerFooter | null;
  /** every own number below is resolved */
  readonly next: number;
  /** no own number from here on was generated */
  readonly end: number;
  readonly failed: ReadonlySet<number>;
  /** labelled events, and those kept back among the resolved ones */
  readonly byLabel: ReadonlyMap<string, number>;
  readonly keptBack: number;
  readonly overloaded: NumberRanges;
  owns(n: number): boolean;
  /** how many own numbers lie below */
  ownBelow(bound: number): number;
}

/** Statements of one ledger, in their order, then `build`. */
export interface SessionBuilder extends StatementHandlers {
  build(footer: LedgerFooter | null): Session;
}

/**
 * How many times `runAhead` a killed run may have been beyond its last checkpoint: once by its promise, more because what it
 * knew was not durable yet, or was cut short.
 */
const KILLED_WINDOWS = 4;
/** The label of events that were made and not sent. */
const KEPT_BACK_LABEL = 'drop';

export function createSessionBuilder(header: LedgerHeader): SessionBuilder {
  const { first, worker, workers, runAhead } = header;
  const firstOwn = first + worker;
  const ownBelow = (bound: number) => Math.max(0, Math.ceil((bound - firstOwn) / workers));
  const failed = new Set<number>();
  const byLabel = new Map<string, number>();
  const keptBack: number[] = [];
  const overloaded = createNumberRanges(workers);
  let next = first;

  const endOf = (footer: LedgerFooter | null): number => {
    if (footer === null) return next + KILLED_WINDOWS * runAhead;
    return Math.max(next, firstOwn + (footer.generated + footer.overloaded) * workers);
  };
  return {
    onFault(n, label) {
      byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
      if (label === KEPT_BACK_LABEL) keptBack.push(n);
    },
    onOverloaded: overloaded.add,
    onCheckpoint(reached, numbers) {
      next = Math.max(next, reached);
      for (const n of numbers) failed.add(n);
    },
    build: (footer) => ({
      header,
      footer,
      next,
      end: endOf(footer),
      failed,
      byLabel,
      keptBack: keptBack.filter((n) => n < next).length,
      overloaded,
      owns: (n) => n >= first && (n - first) % workers === worker,
      ownBelow,
    }),
  };
}
