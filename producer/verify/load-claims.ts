import { findLedgers } from '../ledger/find-ledgers.ts';
import { readLedger } from '../ledger/ledger-reader.ts';
import { createClaims, type RunClaims } from './claims.ts';

export interface LedgerFile {
  readonly path: string;
  /** false: the run was killed, or still runs */
  readonly closed: boolean;
  readonly trustedBytes: number;
  /** bytes of a write that was cut short; nothing in them counts */
  readonly tornBytes: number;
}

export interface LoadedClaims {
  readonly claims: RunClaims;
  readonly files: readonly LedgerFile[];
}

/**
 * Reads every ledger file of a run.
 * @param paths as they were given to the run; several where it was stopped and went on under another ledger
 * @throws ReelstreamError as `findLedgers`, `readLedger` and `createClaims`
 */
export async function loadClaims(paths: readonly string[]): Promise<LoadedClaims> {
  const builder = createClaims();
  const files: LedgerFile[] = [];
  for (const given of paths) {
    for (const path of await findLedgers(given)) {
      const { footer, trustedBytes, tornBytes } = await readLedger(path, builder.begin);
      builder.end(footer);
      files.push({ path, closed: footer !== null, trustedBytes, tornBytes });
    }
  }
  return { claims: builder.build(), files };
}
