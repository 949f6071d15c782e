import { readFileSync } from 'node:fs';
import type { Ratings } from '../../../recommender/evaluation/ratings.ts';

/** The sample's ratings in the file's order. */
export function sampleRatings(): Ratings {
  const path = new URL('../../../data/ml-latest-small/ratings.csv', import.meta.url);
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));
  return {
    length: rows.length,
    userIds: Int32Array.from(rows, (row) => row[0]!),
    movieIds: Int32Array.from(rows, (row) => row[1]!),
    halfStars: Uint8Array.from(rows, (row) => row[2]! * 2),
    seconds: Uint32Array.from(rows, (row) => row[3]!),
  };
}
