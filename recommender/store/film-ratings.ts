import { int32, uint8 } from '../state/column.ts';
import { createRowLists, LIST_GRANULE, type RowLists } from '../state/row-lists.ts';
import { createTable, type Table } from '../state/table.ts';

type FilmColumns = { readonly user: ReturnType<typeof int32>; readonly halfStars: ReturnType<typeof uint8> };

/** Each film's newest ratings, at most `cap`, in no order: what a film's row is solved from. */
export interface FilmRatings {
  readonly tables: readonly Table[];
  readonly lists: RowLists<FilmColumns>;
  ensureRows(rows: number): void;
  /** a rating that the film did not have */
  add(film: number, user: number, halfStars: number): void;
  /** a new value, which counts as new even if the old one was no longer kept */
  replace(film: number, user: number, halfStars: number): void;
  remove(film: number, user: number): void;
}

export function createFilmRatings(cap: number): FilmRatings {
  const lists = createRowLists('film_ratings', { user: int32(LIST_GRANULE), halfStars: uint8(LIST_GRANULE) });
  // in a full list the oldest value, which the next one overwrites
  const oldest = createTable('film_ratings.oldest', { index: int32() });

  function slotOf(film: number, user: number): number {
    const start = lists.start(film);
    const users = lists.columns.user.data;
    for (let slot = start + lists.length(film) - 1; slot >= start; slot--)
      if (users[slot] === user) return slot;
    return -1;
  }

  function newSlot(film: number): number {
    if (lists.length(film) < cap) return lists.append(film);
    const index = oldest.columns.index.data[film]!;
    oldest.columns.index.data[film] = (index + 1) % cap;
    return lists.start(film) + index;
  }

  function add(film: number, user: number, halfStars: number): void {
    const slot = newSlot(film);
    lists.columns.user.data[slot] = user;
    lists.columns.halfStars.data[slot] = halfStars;
  }

  return {
    tables: [...lists.tables, oldest],
    lists,
    ensureRows(rows) {
      lists.ensureRows(rows);
      oldest.ensure(rows);
    },
    add,
    replace(film, user, halfStars) {
      const slot = slotOf(film, user);
      if (slot < 0) add(film, user, halfStars);
      else lists.columns.halfStars.data[slot] = halfStars;
    },
    remove(film, user) {
      const slot = slotOf(film, user);
      if (slot < 0) return;
      const index = slot - lists.start(film);
      lists.removeAt(film, index);
      // a list that was full is in order of age from `oldest` on, around the end: keep it so as well as one gap allows
      if (index < oldest.columns.index.data[film]!) oldest.columns.index.data[film]!--;
    },
  };
}
