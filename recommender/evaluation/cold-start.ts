import { recommenderDefaults } from '../options.ts';
import { createTopList } from '../ranking/top-list.ts';
import { createRecommender } from '../recommender.ts';
import { createEventCursor } from './learners.ts';
import { LIKED_HALF_STARS, LIST_LENGTH } from './prequential.ts';
import { recall } from './ranking.ts';
import { meanOf } from './rating-error.ts';
import { type Ratings, selectRatings } from './ratings.ts';

export interface ColdStart {
  readonly users: number;
  readonly recall20: number;
  readonly likedRecall20: number;
}

export interface ColdStartComparison {
  readonly recommender: ColdStart;
  readonly popularity: ColdStart;
}

/** Nobody is judged while the stream's first fifth warms the counts. */
const WARM_UP = 0.2;
const FIRST_RATINGS = 20;

/** Each user's list at the moment of the first event, on the common timeline, against the user's first twenty ratings. */
export function evaluateColdStart(ratings: Ratings, order: Int32Array): ColdStartComparison {
  const stream = selectRatings(ratings, order);
  const firsts = firstRatings(stream);
  // the list for somebody unknown needs no model of ratings
  const defaults = recommenderDefaults('sgd');
  const sgd = { ...defaults.engine.sgd, factors: 0, replaySteps: 0 };
  const recommender = createRecommender({ ...defaults, engine: { ...defaults.engine, sgd } });
  const eventOf = createEventCursor(stream);
  const counts = new Map<number, number>();
  const [ours, theirs] = [createRecalls(), createRecalls()];
  for (let row = 0; row < stream.length; row++) {
    const event = eventOf(row);
    const first = firsts.get(event.userId)!;
    if (first[0] === row && row > stream.length * WARM_UP) {
      ours.add(stream, first, recommender.topMovies(event.userId, LIST_LENGTH, event.tsMs));
      theirs.add(stream, first, mostRated(counts));
    }
    recommender.apply(event);
    counts.set(event.movieId, (counts.get(event.movieId) ?? 0) + 1);
  }
  return { recommender: ours.result(), popularity: theirs.result() };
}

function firstRatings(stream: Ratings): Map<number, number[]> {
  const firsts = new Map<number, number[]>();
  for (let row = 0; row < stream.length; row++) {
    const rows = firsts.get(stream.userIds[row]!);
    if (!rows) firsts.set(stream.userIds[row]!, [row]);
    else if (rows.length < FIRST_RATINGS) rows.push(row);
  }
  return firsts;
}

function mostRated(counts: ReadonlyMap<number, number>): number[] {
  const list = createTopList(LIST_LENGTH);
  for (const [movie, count] of counts) list.offer(movie, count);
  return Array.from(list.keys.subarray(0, list.length));
}

function createRecalls() {
  const all: number[] = [];
  const liked: number[] = [];
  return {
    add({ movieIds, halfStars }: Ratings, rows: readonly number[], list: readonly number[]): void {
      const moviesOf = (chosen: readonly number[]) => chosen.map((row) => movieIds[row]!);
      all.push(recall(list, moviesOf(rows)));
      const best = rows.filter((row) => halfStars[row]! >= LIKED_HALF_STARS);
      if (best.length > 0) liked.push(recall(list, moviesOf(best)));
    },
    result: (): ColdStart => ({ users: all.length, recall20: meanOf(all), likedRecall20: meanOf(liked) }),
  };
}
