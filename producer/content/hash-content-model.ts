import { createHash } from 'node:crypto';
import type { ContentModel } from './content-model.ts';

/**
 * SHA-256 over all that decides content beside seed and event number. Equal hashes mean equal events, so a run may go on,
 * or be verified, with a model of the same hash only.
 */
export function hashContentModel({ films, counts, ...rest }: ContentModel): string {
  const hash = createHash('sha256').update(JSON.stringify(sorted(rest)));
  for (const column of [films.movieIds, films.probabilities, counts]) {
    hash.update(`\n${column?.length ?? 'none'}\n`);
    if (column) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}

/** The same values in another order are the same model. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
