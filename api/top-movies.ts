import { createTopList } from '../recommender/ranking/top-list.ts';
import type { ApiContext } from './options.ts';
import { averageOf } from './views.ts';

/** Depth of the list: pages end there. */
export const TOP_DEPTH = 1_000;

/** Averages are below 8, so that whole people always weigh more than any average. */
const AVERAGE_SCALE = 8;

/**
 * The films that most people rated or watched, then by average. Worked out again when an event changed the model: one look at
 * every film.
 */
export function createTopMovies(context: ApiContext): () => readonly number[] {
  const { reader } = context.ports.model;
  const best = createTopList(TOP_DEPTH);
  let version = -1;
  let movieIds: readonly number[] = [];
  return () => {
    if (version === reader.version()) return movieIds;
    best.clear(TOP_DEPTH);
    for (let place = 0; place < reader.films(); place++) {
      const movieId = reader.filmIdAt(place);
      const { users } = reader.filmStatistics(movieId);
      // an average is looked up only where it may decide
      if (users === 0 || users + 1 <= best.threshold) continue;
      best.offer(movieId, users + (averageOf(context, movieId) ?? 0) / AVERAGE_SCALE);
    }
    movieIds = [...best.keys.subarray(0, best.length)];
    version = reader.version();
    return movieIds;
  };
}
