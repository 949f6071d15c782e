import type { Ratings } from './ratings.ts';

export const FOLDS = 3;

/** FNV-1a over the text's bytes, which must be ASCII. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/**
 * `hash3`: the fold of a rating is fnv1a32("user:film") mod 3. No file of folds has to travel with a result: any program in
 * any language makes the same ones.
 */
export function hashFolds(ratings: Ratings): Uint8Array {
  return Uint8Array.from(
    { length: ratings.length },
    (_, row) => fnv1a32(`${ratings.userIds[row]}:${ratings.movieIds[row]}`) % FOLDS,
  );
}
