import { float64, int32, uint16, uint32 } from '../state/column.ts';
import { createRowLists, LIST_GRANULE, type RowLists } from '../state/row-lists.ts';
import { createTable, type Table } from '../state/table.ts';
import { createFilmRatings, type FilmRatings } from './film-ratings.ts';
import {
  halfStarsOf,
  isRated,
  isSeen,
  isWatched,
  millisOf,
  NO_OPINION,
  withCounted,
  withHalfStars,
  withMillis,
  withoutRating,
  withWatched,
} from './opinion.ts';

export type UserColumns = {
  readonly film: ReturnType<typeof int32>;
  readonly seconds: ReturnType<typeof uint32>;
  readonly opinion: ReturnType<typeof uint16>;
};

/** What a rating did to the pair. */
export type RateChange = 'added' | 'replaced' | 'same';

/**
 * The current opinion of every (user, film), the only thing that models may learn from: an event that was applied twice
 * changes nothing, a corrected rating leaves no trace. Users and films are row numbers here.
 */
export interface RatingStore {
  readonly tables: readonly Table[];
  /** films of each user in order of first contact, withdrawn ones included */
  readonly users: RowLists<UserColumns>;
  /** the newest ratings of each film; null when no engine wants them */
  readonly films: FilmRatings | null;
  /** stars before the last change, where there was a rating */
  readonly before: number;
  ratingCount(): number;
  /** stars; 3.5 while there is nothing */
  mean(): number;
  userRatings(user: number): number;
  filmRatings(film: number): number;
  /** sum of stars */
  filmStars(film: number): number;
  /** users who rated or watched it */
  filmUsers(film: number): number;
  ensureUsers(rows: number): void;
  ensureFilms(rows: number): void;
  /** position of the pair within the user's list, -1 when they never met */
  find(user: number, film: number): number;
  opinion(user: number, index: number): number;
  /** its pairs and its popularity have been counted */
  markCounted(user: number, index: number): void;
  tsMs(user: number, index: number): number;
  rate(user: number, film: number, halfStars: number, tsMs: number): RateChange;
  /** false when there was no rating */
  unrate(user: number, film: number): boolean;
  /** false when it was watched already */
  watch(user: number, film: number, tsMs: number): boolean;
  /** false when it was not watched */
  unwatch(user: number, film: number): boolean;
  /** takes one pair out, whatever it was */
  remove(user: number, index: number): void;
  /** slot of the users' columns that holds a rating, drawn evenly; -1 when `pick` met none */
  drawRating(pick: (slots: number) => number): number;
}

/** Weight of the prior mean of 3.5 stars: one rating. */
const PRIOR_STARS = 3.5;
/** A slot in two is a rating even in a bad case; so many misses in a row mean that there are none. */
const DRAW_ATTEMPTS = 64;

/** @param filmCap newest ratings kept per film, 0 for none */
export function createRatingStore(filmCap: number): RatingStore {
  const users = createRowLists('opinions', {
    film: int32(LIST_GRANULE),
    seconds: uint32(LIST_GRANULE),
    opinion: uint16(LIST_GRANULE),
  });
  const films = filmCap > 0 ? createFilmRatings(filmCap) : null;
  const userTable = createTable('store.user', { ratings: int32() });
  const filmTable = createTable('store.film', { ratings: int32(), halfStars: float64(), users: int32() });
  const totals = createTable(
    'store.totals',
    { ratings: float64(), halfStars: float64(), mean: float64(1, PRIOR_STARS) },
    1,
  );
  let before = 0;

  function count(user: number, film: number, ratings: number, halfStars: number): void {
    userTable.columns.ratings.data[user]! += ratings;
    filmTable.columns.ratings.data[film]! += ratings;
    filmTable.columns.halfStars.data[film]! += halfStars;
    const { ratings: allRatings, halfStars: allHalfStars, mean } = totals.columns;
    allRatings.data[0]! += ratings;
    allHalfStars.data[0]! += halfStars;
    mean.data[0] = (PRIOR_STARS + allHalfStars.data[0]! / 2) / (1 + allRatings.data[0]!);
  }

  function find(user: number, film: number): number {
    const start = users.start(user);
    const data = users.columns.film.data;
    let at = start + users.length(user) - 1;
    // most pairs never met, so lists are passed to their end: eight at a time, a turn costs as much as comparing one
    for (; at >= start + 7; at -= 8) if (isAmongEight(data, at - 7, film)) break;
    for (; at >= start; at--) if (data[at] === film) return at - start;
    return -1;
  }

  function setTime(slot: number, tsMs: number): void {
    const seconds = Math.floor(tsMs / 1000);
    users.columns.seconds.data[slot] = seconds;
    users.columns.opinion.data[slot] = withMillis(users.columns.opinion.data[slot]!, tsMs - seconds * 1000);
  }

  function change(slot: number, opinion: number): void {
    const { film, opinion: opinions } = users.columns;
    const seen = Number(isSeen(opinion)) - Number(isSeen(opinions.data[slot]!));
    filmTable.columns.users.data[film.data[slot]!]! += seen;
    opinions.data[slot] = opinion;
  }

  function slotFor(user: number, film: number): number {
    const index = find(user, film);
    if (index >= 0) return users.start(user) + index;
    const slot = users.append(user);
    users.columns.film.data[slot] = film;
    users.columns.opinion.data[slot] = NO_OPINION;
    return slot;
  }

  function unrateSlot(user: number, film: number, slot: number): boolean {
    const opinion = users.columns.opinion.data[slot]!;
    if (!isRated(opinion)) return false;
    before = halfStarsOf(opinion) / 2;
    change(slot, withoutRating(opinion));
    count(user, film, -1, -halfStarsOf(opinion));
    films?.remove(film, user);
    return true;
  }

  return {
    tables: [...users.tables, userTable, filmTable, totals, ...(films?.tables ?? [])],
    users,
    films,
    get before() {
      return before;
    },
    ratingCount: () => totals.columns.ratings.data[0]!,
    mean: () => (PRIOR_STARS + totals.columns.halfStars.data[0]! / 2) / (1 + totals.columns.ratings.data[0]!),
    userRatings: (user) => userTable.columns.ratings.data[user]!,
    filmRatings: (film) => filmTable.columns.ratings.data[film]!,
    filmStars: (film) => filmTable.columns.halfStars.data[film]! / 2,
    filmUsers: (film) => filmTable.columns.users.data[film]!,
    ensureUsers(rows) {
      users.ensureRows(rows);
      userTable.ensure(rows);
    },
    ensureFilms(rows) {
      filmTable.ensure(rows);
      films?.ensureRows(rows);
    },
    find,
    opinion: (user, index) => users.columns.opinion.data[users.start(user) + index]!,
    markCounted(user, index) {
      const slot = users.start(user) + index;
      users.columns.opinion.data[slot] = withCounted(users.columns.opinion.data[slot]!);
    },
    tsMs(user, index) {
      const slot = users.start(user) + index;
      return users.columns.seconds.data[slot]! * 1000 + millisOf(users.columns.opinion.data[slot]!);
    },
    rate(user, film, halfStars, tsMs) {
      const slot = slotFor(user, film);
      const opinion = users.columns.opinion.data[slot]!;
      change(slot, withHalfStars(opinion, halfStars));
      setTime(slot, tsMs);
      if (!isRated(opinion)) {
        count(user, film, 1, halfStars);
        films?.add(film, user, halfStars);
        return 'added';
      }
      before = halfStarsOf(opinion) / 2;
      if (halfStarsOf(opinion) === halfStars) return 'same';
      count(user, film, 0, halfStars - halfStarsOf(opinion));
      films?.replace(film, user, halfStars);
      return 'replaced';
    },
    unrate(user, film) {
      const index = find(user, film);
      return index >= 0 && unrateSlot(user, film, users.start(user) + index);
    },
    watch(user, film, tsMs) {
      const slot = slotFor(user, film);
      const opinion = users.columns.opinion.data[slot]!;
      if (withWatched(opinion, true) === opinion) return false;
      change(slot, withWatched(opinion, true));
      // a rating's own time stays: the watch is not a new opinion
      if (!isRated(opinion)) setTime(slot, tsMs);
      return true;
    },
    unwatch(user, film) {
      const index = find(user, film);
      if (index < 0) return false;
      const slot = users.start(user) + index;
      const opinion = users.columns.opinion.data[slot]!;
      change(slot, withWatched(opinion, false));
      return isWatched(opinion);
    },
    remove(user, index) {
      const slot = users.start(user) + index;
      unrateSlot(user, users.columns.film.data[slot]!, slot);
      change(slot, NO_OPINION);
      users.removeAt(user, index);
    },
    drawRating(pick) {
      if (totals.columns.ratings.data[0] === 0) return -1;
      for (let attempt = 0; attempt < DRAW_ATTEMPTS; attempt++) {
        const slot = pick(users.slots);
        if (users.ownerOfSlot(slot) >= 0 && isRated(users.columns.opinion.data[slot]!)) return slot;
      }
      return -1;
    },
  };
}

const isAmongEight = (data: Int32Array, from: number, value: number): boolean =>
  data[from] === value ||
  data[from + 1] === value ||
  data[from + 2] === value ||
  data[from + 3] === value ||
  data[from + 4] === value ||
  data[from + 5] === value ||
  data[from + 6] === value ||
  data[from + 7] === value;
