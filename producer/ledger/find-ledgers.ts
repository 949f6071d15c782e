import { access } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';
import type { LedgerHeader } from './ledger.ts';
import { ledgerFileOf } from './ledger.ts';
import { readLedger } from './ledger-reader.ts';

/**
 * All files of the run whose ledger was asked for as `path`: that file, or those of its workers beside it.
 * @throws ReelstreamError `usage` when there is none, or none of a worker that its fellows know of
 */
export async function findLedgers(path: string): Promise<string[]> {
  if (await exists(path)) return [path];
  const first = ledgerFileOf(path, 0, 2);
  if (!(await exists(first))) throw new ReelstreamError('usage', `there is no ledger ${path}`);
  const { workers } = await readHeader(first);
  const paths = Array.from({ length: workers }, (_, worker) => ledgerFileOf(path, worker, workers));
  for (const one of paths) {
    if (await exists(one)) continue;
    throw new ReelstreamError(
      'usage',
      `the run had ${workers} workers, and there is no ledger ${one}: without it the others prove nothing`,
    );
  }
  return paths;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readHeader(path: string): Promise<LedgerHeader> {
  const ignore = { onFault() {}, onOverloaded() {}, onCheckpoint() {} };
  return (await readLedger(path, () => ignore)).header;
}
