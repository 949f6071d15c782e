import { badRow, parseMovieId, readNumericCsv } from './numeric-csv.ts';

const HEADER = 'movieId,ratings';
const COUNT = /^\d{1,15}$/;

/**
 * Reads `movieId,ratings`: how often each film was rated, which the distribution itself does not say. Films beside
 * `movieIds` are passed over.
 * @param movieIds the films to find, each of which must be there
 * @returns counts in the order of `movieIds`
 * @throws ReelstreamError `bad_data` with line or film, `usage` when the file cannot be read
 */
export async function readCounts(path: string, movieIds: Int32Array): Promise<Float64Array> {
  const seen = new Map<number, { readonly line: number; readonly ratings: number }>();
  await readNumericCsv(path, [HEADER], ([movie, ratings], line) => {
    const movieId = parseMovieId(path, line, movie!);
    const before = seen.get(movieId);
    if (before) throw badRow(path, line, `film ${movieId} stands twice, first on line ${before.line}`);
    if (!COUNT.test(ratings!)) throw badRow(path, line, `film ${movieId}: "${ratings}" is no whole number`);
    seen.set(movieId, { line, ratings: Number(ratings) });
  });
  const counts = Float64Array.from(movieIds, (movieId) => {
    const found = seen.get(movieId);
    if (found) return found.ratings;
    throw badRow(path, 1, `film ${movieId} of the distribution has no count; give it one, 0 for never`);
  });
  if (counts.every((count) => count === 0)) throw badRow(path, 1, 'every count is 0');
  return counts;
}

/** The file as text, by film. */
export function formatCounts(movieIds: Int32Array, counts: Float64Array): string {
  const rows = Array.from(movieIds, (movieId, row) => `${movieId},${counts[row]}`);
  return `${[HEADER, ...rows].join('\n')}\n`;
}
