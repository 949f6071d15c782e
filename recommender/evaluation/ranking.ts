import { LIKED_HALF_STARS, LIST_LENGTH } from './prequential.ts';
import type { MovieRanker } from './rankers.ts';
import { meanOf } from './rating-error.ts';
import type { Ratings } from './ratings.ts';

export interface RankingQuality {
  readonly users: number;
  /** of the held-out films, or of 20 if they are more, the share within the first 20; mean over users */
  readonly recall20: number;
  readonly ndcg10: number;
  /** recall of those rated 4 or more */
  readonly likedRecall20: number;
  /** films shown to anybody */
  readonly distinct: number;
}

/** Full ranking against the films each user came to later. */
export function evaluateRanking(ranker: MovieRanker, ratings: Ratings, test: Int32Array): RankingQuality {
  const byUser = new Map<number, number[]>();
  for (const row of test) {
    const rows = byUser.get(ratings.userIds[row]!);
    if (rows) rows.push(row);
    else byUser.set(ratings.userIds[row]!, [row]);
  }
  const shown = new Set<number>();
  const recalls: number[] = [];
  const liked: number[] = [];
  const gains: number[] = [];
  for (const [userId, rows] of byUser) {
    const list = ranker(userId, LIST_LENGTH);
    for (const movie of list) shown.add(movie);
    const wanted = rows.map((row) => ratings.movieIds[row]!);
    recalls.push(recall(list, wanted));
    gains.push(ndcg10(list, wanted));
    const best = rows.filter((row) => ratings.halfStars[row]! >= LIKED_HALF_STARS);
    if (best.length > 0)
      liked.push(
        recall(
          list,
          best.map((row) => ratings.movieIds[row]!),
        ),
      );
  }
  return {
    users: byUser.size,
    recall20: meanOf(recalls),
    ndcg10: meanOf(gains),
    likedRecall20: meanOf(liked),
    distinct: shown.size,
  };
}

export function recall(list: readonly number[], wanted: readonly number[]): number {
  const found = wanted.filter((movie) => list.includes(movie)).length;
  return found / Math.min(LIST_LENGTH, wanted.length);
}

function ndcg10(list: readonly number[], wanted: readonly number[]): number {
  const discount = (place: number): number => 1 / Math.log2(place + 2);
  let gain = 0;
  let ideal = 0;
  for (let place = 0; place < 10; place++) {
    if (place < list.length && wanted.includes(list[place]!)) gain += discount(place);
    if (place < wanted.length) ideal += discount(place);
  }
  return gain / ideal;
}
