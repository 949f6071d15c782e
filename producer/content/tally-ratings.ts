import { ReelstreamError } from '../../core/errors.ts';
import { scanRatingsFile } from '../ratings-file.ts';
import { type FilmRatings, RATING_STEPS } from './film-ratings.ts';

export interface RatingsTally {
  readonly films: FilmRatings;
  /** ratings of each film, in the order of `films` */
  readonly counts: Float64Array;
}

/**
 * Counts how often each film got each rating.
 * @throws ReelstreamError as scanRatingsFile does, and `bad_data` for a rating of 0, which a distribution cannot hold
 */
export async function tallyRatings(path: string): Promise<RatingsTally> {
  const tallies = new Map<number, Float64Array>();
  await scanRatingsFile(path, (_, movieId, halfStars) => {
    if (halfStars === 0) {
      throw new ReelstreamError(
        'bad_data',
        `${path}: film ${movieId} is rated 0; ratings go from 0.5 to 5.0`,
      );
    }
    let tally = tallies.get(movieId);
    if (!tally) {
      tally = new Float64Array(RATING_STEPS);
      tallies.set(movieId, tally);
    }
    tally[halfStars - 1]! += 1;
  });
  const movieIds = Int32Array.from(tallies.keys()).sort();
  const counts = Float64Array.from(movieIds, (movieId) => sum(tallies.get(movieId)!));
  const probabilities = new Float64Array(movieIds.length * RATING_STEPS);
  movieIds.forEach((movieId, row) => {
    const share = tallies.get(movieId)!.map((times) => times / counts[row]!);
    probabilities.set(share, row * RATING_STEPS);
  });
  return { films: { movieIds, probabilities }, counts };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
