import { type FilmRatings, RATING_STEPS } from './film-ratings.ts';
import { badRow, parseDecimal, parseMovieId, readNumericCsv } from './numeric-csv.ts';

/** Data frames write the index without a name. */
const HEADERS = ['index,movieId,rating,prob', ',movieId,rating,prob', '(index),movieId,rating,prob'];
/** Further from 1 than a millionth: the file is wrong, not rounded. The rest is what adding up in binary may be off by. */
const TOLERANCE = 1e-6 + 1e-12;
/** Ten probabilities cut here are at most 5e-9 off in all. */
const DIGITS = 9;

interface FilmRows {
  readonly probabilities: number[];
  /** where each rating stands in the file; 0 = nowhere */
  readonly lines: number[];
  readonly firstLine: number;
}

/**
 * Reads `index,movieId,rating,prob`: for each film the probability of each rating, 0.5 to 5.0. The index is not used.
 * Sums that are off by at most 1e-6 are put right.
 * @throws ReelstreamError `bad_data` with line and film, `usage` when the file cannot be read
 */
export async function readDistribution(path: string): Promise<FilmRatings> {
  const films = new Map<number, FilmRows>();
  await readNumericCsv(path, HEADERS, ([index, movie, rating, prob], line) => {
    if (!/^\d*$/.test(index!)) throw badRow(path, line, `"${index}" is no index`);
    const movieId = parseMovieId(path, line, movie!);
    const step = parseDecimal(rating!) * 2 - 1;
    if (!(Number.isInteger(step) && step >= 0 && step < RATING_STEPS)) {
      throw badRow(path, line, `film ${movieId}: "${rating}" is no rating from 0.5 to 5.0 in half steps`);
    }
    const probability = parseDecimal(prob!);
    if (!(probability <= 1)) throw badRow(path, line, `film ${movieId}: "${prob}" is no probability`);
    addRow(path, films, movieId, step, probability, line);
  });
  if (films.size === 0) throw badRow(path, 1, 'there are no films');
  return toFilmRatings(path, films);
}

function addRow(
  path: string,
  films: Map<number, FilmRows>,
  movieId: number,
  step: number,
  probability: number,
  line: number,
): void {
  let film = films.get(movieId);
  if (!film) {
    film = {
      probabilities: new Array<number>(RATING_STEPS).fill(0),
      lines: new Array<number>(RATING_STEPS).fill(0),
      firstLine: line,
    };
    films.set(movieId, film);
  }
  const before = film.lines[step]!;
  if (before > 0) {
    throw badRow(
      path,
      line,
      `film ${movieId}: rating ${starsOf(step)} stands twice, first on line ${before}`,
    );
  }
  film.lines[step] = line;
  film.probabilities[step] = probability;
}

function toFilmRatings(path: string, films: ReadonlyMap<number, FilmRows>): FilmRatings {
  const movieIds = Int32Array.from(films.keys()).sort();
  const probabilities = new Float64Array(movieIds.length * RATING_STEPS);
  for (const [movieId, film] of films) {
    const sum = film.probabilities.reduce((total, probability) => total + probability, 0);
    if (Math.abs(sum - 1) > TOLERANCE) {
      throw badRow(
        path,
        film.firstLine,
        `film ${movieId}: its probabilities add up to ${Number(sum.toFixed(DIGITS))} instead of 1`,
      );
    }
    for (let step = 0; step < RATING_STEPS; step++) film.probabilities[step]! /= sum;
  }
  movieIds.forEach((movieId, row) => {
    probabilities.set(films.get(movieId)!.probabilities, row * RATING_STEPS);
  });
  return { movieIds, probabilities };
}

/** The file as text, by film and rating; ratings that never come are left out. The same films give the same bytes. */
export function formatDistribution({ movieIds, probabilities }: FilmRatings): string {
  const lines = [HEADERS[0]!];
  movieIds.forEach((movieId, row) => {
    for (let step = 0; step < RATING_STEPS; step++) {
      const probability = probabilities[row * RATING_STEPS + step]!;
      if (probability === 0) continue;
      lines.push(`${lines.length - 1},${movieId},${starsOf(step)},${Number(probability.toFixed(DIGITS))}`);
    }
  });
  return `${lines.join('\n')}\n`;
}

function starsOf(step: number): string {
  return ((step + 1) / 2).toFixed(1);
}
