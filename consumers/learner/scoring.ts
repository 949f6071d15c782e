import type { RatingEvent } from '../../core/rating-event.ts';
import type { Outcome, Recommender } from '../../recommender/recommender.ts';

const TOP = 20;
/** Whoever has seen more of the popular films than that is measured against fewer. */
const MOST_POPULAR = 200;
/** Nobody has this id: the list of somebody unknown is what is popular. */
const NOBODY = -1;
/** To look at a whole list costs as much as many events: one in so many is enough for a rate. */
const HIT_SAMPLE = 100;

/** Sums since the start of the process, for counters. */
export interface Scores {
  scored: number;
  squaredError: number;
  squaredErrorWithoutDrift: number;
  naiveSquaredError: number;
  hitsScored: number;
  hits: number;
  popularityHits: number;
}

/**
 * Prequential error: what was foreseen is held against what came, event by event, before it is learned. Reads only: a scored
 * event changes the same as one that is not.
 */
export interface Scoring {
  readonly scores: Readonly<Scores>;
  before(event: RatingEvent, offset: number): void;
  after(outcome: Outcome): void;
}

export function createScoring(recommender: Recommender): Scoring {
  const scores: Scores = {
    scored: 0,
    squaredError: 0,
    squaredErrorWithoutDrift: 0,
    naiveSquaredError: 0,
    hitsScored: 0,
    hits: 0,
    popularityHits: 0,
  };
  let mean = 0;
  let isHit = false;
  let isPopular = false;
  let isSampled = false;

  function lookAtLists({ userId, movieId, tsMs }: RatingEvent): void {
    isHit = recommender.topMovies(userId, TOP, tsMs).includes(movieId);
    const seen = new Set(recommender.opinions(userId).map((opinion) => opinion.movieId));
    const limit = Math.min(TOP + seen.size, MOST_POPULAR);
    const popular = recommender.topMovies(NOBODY, limit, tsMs).filter((film) => !seen.has(film));
    isPopular = popular.slice(0, TOP).includes(movieId);
  }

  return {
    scores,
    before(event, offset) {
      isSampled = false;
      if (event.kind !== 'RATED') return;
      mean = recommender.mean();
      isSampled = recommender.options.ranking && offset % HIT_SAMPLE === 0;
      if (isSampled) lookAtLists(event);
    },
    after(outcome) {
      if (outcome !== 'learned') return;
      const { rating, predicted, withoutDrift } = recommender.scored;
      const squared = (rating - predicted) ** 2;
      const plain = (rating - withoutDrift) ** 2;
      // a sum that is not a number once stays so
      if (!Number.isFinite(squared) || !Number.isFinite(plain)) return;
      scores.scored += 1;
      scores.squaredError += squared;
      scores.squaredErrorWithoutDrift += plain;
      scores.naiveSquaredError += (rating - mean) ** 2;
      if (!isSampled) return;
      scores.hitsScored += 1;
      if (isHit) scores.hits += 1;
      if (isPopular) scores.popularityHits += 1;
    },
  };
}
