import type { LedgerFooter, LedgerHeader } from '../../../producer/ledger/ledger.ts';

export const RUN_ID = '00c0ffee0000042';

export function headerOf(changes: Partial<LedgerHeader> = {}): LedgerHeader {
  return {
    runId: RUN_ID,
    seed: 7,
    faultSeed: 8,
    first: 0,
    worker: 0,
    workers: 1,
    runAhead: 1_000,
    log: { clusterId: 'cluster', topic: 'ratings', startOffsets: [0] },
    settings: '{"rate":100}',
    schemaIds: [1],
    startedAtMs: 1_700_000_000_000,
    ...changes,
  };
}

export function footerOf(changes: Partial<LedgerFooter> = {}): LedgerFooter {
  return {
    generated: 0,
    acknowledged: 0,
    failed: 0,
    overloaded: 0,
    byLabel: {},
    stoppedBy: 'limit',
    elapsedMs: 1_000,
    ...changes,
  };
}
