import { createChance } from '../../core/chance.ts';
import type { EventSource } from '../event-source.ts';
import { createAliasRows } from './alias-rows.ts';
import { type ContentModel, checkContentModel } from './content-model.ts';
import { createFilmPicker } from './film-picker.ts';
import { RATING_STEPS } from './film-ratings.ts';
import { createReRatings } from './re-ratings.ts';
import { DRAWS } from './streams.ts';
import { createUserPicker } from './user-picker.ts';

/** The ten values once, so that no event has to make a new object of one. */
const STARS: readonly (number | null)[] = [null, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5];

/**
 * Live ratings for ever. What event n says depends on the model, the seed and n alone: any event can be asked for, in any
 * order and on any worker. Each decision has a draw of its own, so that one setting does not move what the others decide.
 * @throws ReelstreamError `usage` for a model that contradicts itself
 */
export function createLiveSource(model: ContentModel, seed: number): EventSource {
  checkContentModel(model);
  const chance = createChance(seed, 'content');
  const users = createUserPicker(model, seed);
  const films = createFilmPicker(model, seed);
  const reRatings = createReRatings(model, chance, (n) => users.isArrival(n) || films.isArrival(n));
  const ratings = createAliasRows(model.films.probabilities, RATING_STEPS);
  const { firstEvent, reRatingShare, watchShare } = model;
  return {
    length: Number.POSITIVE_INFINITY,
    content(eventNumber, intendedTsMs) {
      const n = eventNumber - firstEvent;
      const kind = chance.unit(n, DRAWS.kind);
      const subject = kind < reRatingShare ? reRatings.subjectOf(n) : n;
      const film = films.pick(subject);
      const watched = kind >= 1 - watchShare;
      return {
        userId: users.pick(subject),
        movieId: films.idOf(film),
        kind: watched ? 'WATCHED' : 'RATED',
        rating: watched
          ? null
          : STARS[ratings.pick(films.ratedLike(film), chance.unit(n, DRAWS.rating)) + 1]!,
        tsMs: Math.round(intendedTsMs),
        source: 'live',
      };
    },
  };
}
