import type { Chance } from '../../core/chance.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { createShuffle } from './id-shuffle.ts';

/** How much more one film is rated than another. */
export type Popularity =
  /** as often as it was counted */
  | { readonly by: 'counts' }
  /** the film of rank r has weight r^-exponent; 0 makes all alike */
  | { readonly by: 'zipf'; readonly exponent: number };

/** The slope of the 1,000 most rated films of MovieLens (small) in a log-log plot; beyond them counts fall faster. */
export const DEFAULT_ZIPF_EXPONENT = 0.5;
const MAX_EXPONENT = 5;

/**
 * One weight per film. Ranks follow the counts where there are any (equal counts in the order of ids), otherwise the
 * seed deals them out.
 * @throws ReelstreamError `usage` when popularity follows counts and there are none
 */
export function filmWeights(
  popularity: Popularity,
  films: number,
  counts: Float64Array | null,
  chance: Chance,
): Float64Array {
  if (popularity.by === 'zipf') return zipfWeights(popularity.exponent, rankFilms(films, counts, chance));
  if (counts) return counts;
  throw new ReelstreamError('usage', 'popularity by counts needs a file of counts: give --counts');
}

/** @returns films in the order of their ranks */
function rankFilms(films: number, counts: Float64Array | null, chance: Chance): Int32Array {
  if (!counts) return Int32Array.from({ length: films }, (_, rank) => rank).map(createShuffle(films, chance));
  return Int32Array.from({ length: films }, (_, film) => film).sort(
    (a, b) => counts[b]! - counts[a]! || a - b,
  );
}

function zipfWeights(exponent: number, ranked: Int32Array): Float64Array {
  const weights = new Float64Array(ranked.length);
  ranked.forEach((film, rank) => {
    weights[film] = (rank + 1) ** -exponent;
  });
  return weights;
}

/**
 * `counts`, `uniform`, `zipf` or `zipf:<exponent>`
 * @throws ReelstreamError `usage` for anything else
 */
export function parsePopularity(text: string): Popularity {
  if (text === 'counts') return { by: 'counts' };
  const exponent = parseExponent(text, DEFAULT_ZIPF_EXPONENT);
  if (exponent !== null && exponent <= MAX_EXPONENT) return { by: 'zipf', exponent };
  throw new ReelstreamError(
    'usage',
    `--popularity: "${text}" is none of counts, uniform, zipf or zipf:<exponent from 0 to ${MAX_EXPONENT}>`,
  );
}

/** `uniform` is exponent 0; null when it is neither that nor `zipf[:<number>]` */
export function parseExponent(text: string, fallback: number): number | null {
  if (text === 'uniform') return 0;
  const [, exponent] = /^zipf(?::(\d+(?:\.\d+)?))?$/.exec(text) ?? [null, null];
  if (exponent === null) return null;
  return exponent === undefined ? fallback : Number(exponent);
}
