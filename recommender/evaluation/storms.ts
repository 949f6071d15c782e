import { createChance } from '../../core/chance.ts';
import type { RecommenderOptions } from '../options.ts';
import { type ChangeEvent, createRecommender, type Recommender } from '../recommender.ts';
import { createEventCursor } from './learners.ts';
import { createRatingError } from './rating-error.ts';
import { type Ratings, selectRatings } from './ratings.ts';

/** RMSE on one fold of a model that was told wrong things first, beside one that heard the truth alone. */
export interface StormResult {
  readonly truth: number;
  /** a fifth of the ratings first came inverted, a tenth came inverted and was taken back */
  readonly corrected: number;
  /** two fifths of the ratings came as watches, which say nothing of stars */
  readonly watched: number;
  /** the same watches taken as ratings, as some services do: what that would cost */
  readonly imputed: {
    /** of 3.5 stars */
    readonly neutral: number;
    /** of the film's average, or 3.5 while it has none */
    readonly film: number;
    /** of the user's */
    readonly user: number;
  };
}

const CORRECTED = 0.2;
const WITHDRAWN = 0.3;
const WATCHED = 0.4;
const IMPUTED_STARS = 3.5;

/** What a watch is taken for; null where nothing is known yet. */
type Guess = (
  event: ChangeEvent,
  recommender: Recommender,
  averages: ReturnType<typeof createUserAverages>,
) => number | null;

export function evaluateStorms(
  options: RecommenderOptions,
  ratings: Ratings,
  order: Int32Array,
  folds: Uint8Array,
  fold: number,
  seed: number,
): StormResult {
  const train = selectRatings(
    ratings,
    order.filter((row) => folds[row] !== fold),
  );
  const eventOf = createEventCursor(train);
  const chance = createChance(seed, 'storm');
  const fate = (row: number): number => chance.unit(row);

  const rmseAfter = (teach: (recommender: Recommender) => void): number => {
    const recommender = createRecommender(options);
    teach(recommender);
    const error = createRatingError();
    for (let row = 0; row < ratings.length; row++) {
      if (folds[row] !== fold) continue;
      const predicted = recommender.predict(ratings.userIds[row]!, ratings.movieIds[row]!);
      error.add(ratings.halfStars[row]! / 2 - predicted);
    }
    return error.rmse;
  };
  const each = (
    recommender: Recommender,
    change: (event: ChangeEvent, row: number) => ChangeEvent | null,
  ) => {
    for (let row = 0; row < train.length; row++) {
      const event = change(eventOf(row), row);
      if (event) recommender.apply(event);
    }
  };

  const imputedAs = (guess: Guess): number =>
    rmseAfter((recommender) => {
      const averages = createUserAverages();
      each(recommender, (event, row) => {
        if (fate(row) >= WATCHED) {
          averages.add(event);
          return event;
        }
        const stars = guess(event, recommender, averages) ?? IMPUTED_STARS;
        return { ...event, rating: Math.round(stars * 2) / 2 };
      });
    });

  return {
    truth: rmseAfter((recommender) => {
      each(recommender, (event, row) => (isWithdrawn(fate(row)) ? null : event));
    }),
    corrected: rmseAfter((recommender) => {
      each(recommender, (event, row) => (fate(row) < WITHDRAWN ? inverted(event) : event));
      each(recommender, (event, row) => {
        if (isWithdrawn(fate(row))) return { ...event, kind: 'UNRATED', rating: null };
        return fate(row) < CORRECTED ? event : null;
      });
    }),
    watched: rmseAfter((recommender) => {
      each(recommender, (event, row) =>
        fate(row) < WATCHED ? { ...event, kind: 'WATCHED', rating: null } : event,
      );
    }),
    imputed: {
      neutral: imputedAs(() => IMPUTED_STARS),
      film: imputedAs(({ movieId }, recommender) => recommender.filmStatistics(movieId).average),
      user: imputedAs(({ userId }, _, averages) => averages.of(userId)),
    },
  };
}

/** The mean of what a user has rated so far, in stars, event by event; null before the first. */
function createUserAverages() {
  const sums = new Map<number, { stars: number; ratings: number }>();
  return {
    of(userId: number): number | null {
      const sum = sums.get(userId);
      return sum ? sum.stars / sum.ratings : null;
    },
    add({ userId, rating }: ChangeEvent): void {
      const sum = sums.get(userId) ?? { stars: 0, ratings: 0 };
      sums.set(userId, { stars: sum.stars + rating!, ratings: sum.ratings + 1 });
    },
  };
}

const isWithdrawn = (fate: number): boolean => fate >= CORRECTED && fate < WITHDRAWN;
const inverted = (event: ChangeEvent): ChangeEvent => ({ ...event, rating: 5.5 - event.rating! });
