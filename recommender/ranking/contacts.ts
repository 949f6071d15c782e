import type { Table } from '../state/table.ts';
import { isCounted, isSeen } from '../store/opinion.ts';
import type { RatingStore } from '../store/rating-store.ts';
import { type CoOccurrence, createCoOccurrence } from './co-occurrence.ts';
import { createPopularity, type Popularity } from './popularity.ts';

/** What a first contact of a user with a film counts for, whether by a rating or by a watch: pairs and popularity. */
export interface Contacts {
  readonly tables: readonly Table[];
  readonly pairs: CoOccurrence;
  readonly popularity: Popularity;
  ensureFilms(rows: number): void;
  /** counts the pair's contact unless that has been done */
  count(user: number, film: number, tsMs: number): void;
  /** takes back what the contact at that place of the user's list counted for */
  uncount(user: number, index: number): void;
}

/** Films before this one in the user's sequence that it is paired with. */
const WINDOW = 10;

export function createContacts(store: RatingStore, seed: number): Contacts {
  const pairs = createCoOccurrence(seed);
  const popularity = createPopularity(store);
  const { film: films } = store.users.columns;

  /** calls back for up to WINDOW seen films in the direction of `step` */
  function eachNeighbour(
    user: number,
    index: number,
    step: 1 | -1,
    change: (film: number, other: number) => void,
  ): void {
    const start = store.users.start(user);
    const film = films.data[start + index]!;
    let left = WINDOW;
    for (let at = index + step; at >= 0 && at < store.users.length(user) && left > 0; at += step) {
      if (!isSeen(store.opinion(user, at))) continue;
      change(film, films.data[start + at]!);
      left--;
    }
  }

  return {
    tables: [...pairs.tables, popularity.table],
    pairs,
    popularity,
    ensureFilms(rows) {
      pairs.ensureFilms(rows);
      popularity.ensureFilms(rows);
    },
    count(user, film, tsMs) {
      // a new contact stands last; anything else is looked for
      const last = store.users.length(user) - 1;
      const isLast = films.data[store.users.start(user) + last] === film;
      const index = isLast ? last : store.find(user, film);
      if (isCounted(store.opinion(user, index))) return;
      store.markCounted(user, index);
      eachNeighbour(user, index, -1, pairs.countPair);
      pairs.countFilm(film);
      popularity.count(film, tsMs);
    },
    uncount(user, index) {
      const film = films.data[store.users.start(user) + index]!;
      eachNeighbour(user, index, -1, pairs.uncountPair);
      eachNeighbour(user, index, 1, pairs.uncountPair);
      pairs.uncountFilm(film);
      popularity.uncount(film, store.tsMs(user, index));
    },
  };
}
