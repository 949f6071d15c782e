import type { ApiContext } from './options.ts';
import { averageOf } from './views.ts';

/** Depth of the list: pages end there. */
export const TOP_DEPTH = 1_000;

interface Candidate {
  /** of the film, as the reader counts them */
  readonly place: number;
  readonly movieId: number;
  readonly users: number;
  readonly average: number;
}

/**
 * The films that most people rated or watched, then by average, then in order of their first contact. Worked out again when
 * an event changed the model. As many films as the list is deep have at least as many people as the last list's least film
 * has now: only those with so many can be in it, which is one look at an array for all others.
 */
export function createTopMovies(context: ApiContext): () => readonly number[] {
  const { reader } = context.ports.model;
  let version = -1;
  let list: readonly Candidate[] = [];
  let movieIds: readonly number[] = [];

  function leastUsers(): number {
    if (list.length < TOP_DEPTH) return 1;
    return Math.max(1, Math.min(...list.map(({ place }) => reader.filmUsersAt(place))));
  }

  function candidates(): Candidate[] {
    const least = leastUsers();
    const found: Candidate[] = [];
    for (let place = 0; place < reader.films(); place++) {
      const users = reader.filmUsersAt(place);
      if (users < least) continue;
      const movieId = reader.filmIdAt(place);
      found.push({ place, movieId, users, average: averageOf(context, movieId) ?? 0 });
    }
    return found;
  }

  return () => {
    if (version === reader.version()) return movieIds;
    list = candidates().sort(byUsers).slice(0, TOP_DEPTH);
    movieIds = list.map(({ movieId }) => movieId);
    version = reader.version();
    return movieIds;
  };
}

const byUsers = (a: Candidate, b: Candidate): number =>
  b.users - a.users || b.average - a.average || a.place - b.place;
