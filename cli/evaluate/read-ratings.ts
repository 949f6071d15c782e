import { resolve } from 'node:path';
import { scanRatingsFile } from '../../producer/ratings-file.ts';
import type { Ratings } from '../../recommender/evaluation/ratings.ts';

export interface RatingsFileContent {
  readonly ratings: Ratings;
  /** SHA-256 of the file's bytes */
  readonly hash: string;
}

/**
 * The rows of a MovieLens ratings.csv in the file's own order.
 * @throws ReelstreamError `usage` when it cannot be read, `bad_data` with the line of the first bad row
 */
export async function readRatings(path: string): Promise<RatingsFileContent> {
  const columns: [number[], number[], number[], number[]] = [[], [], [], []];
  const hash = await scanRatingsFile(resolve(path), (userId, movieId, halfStars, seconds) => {
    columns[0].push(userId);
    columns[1].push(movieId);
    columns[2].push(halfStars);
    columns[3].push(seconds);
  });
  const ratings: Ratings = {
    length: columns[0].length,
    userIds: Int32Array.from(columns[0]),
    movieIds: Int32Array.from(columns[1]),
    halfStars: Uint8Array.from(columns[2]),
    seconds: Uint32Array.from(columns[3]),
  };
  return { ratings, hash };
}
