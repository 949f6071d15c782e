import type { LedgerFooter, LedgerWriter } from '../../../producer/ledger/ledger.ts';

export interface MemoryLedger extends LedgerWriter {
  readonly faults: { readonly n: number; readonly label: string; readonly copies: number }[];
  readonly overloadedNumbers: number[];
  readonly checkpoints: { readonly next: number; readonly failed: readonly number[] }[];
  readonly footers: LedgerFooter[];
}

/** What a run would have written, in the order of the calls. */
export function createMemoryLedger(): MemoryLedger {
  const ledger: MemoryLedger = {
    faults: [],
    overloadedNumbers: [],
    checkpoints: [],
    footers: [],
    fault: (n, label, copies) => void ledger.faults.push({ n, label, copies }),
    overloaded: (n) => void ledger.overloadedNumbers.push(n),
    checkpoint: async (next, failed) => void ledger.checkpoints.push({ next, failed }),
    close: async (footer) => void ledger.footers.push(footer),
  };
  return ledger;
}
