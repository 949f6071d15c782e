import type { Table } from '../state/table.ts';

/**
 * A model of ratings that learns one event at a time. Users and films are row numbers; ratings are stars. The rating store
 * holds the new state before any call that tells of it. Snapshot and restore need no code here: all state is in `tables`.
 */
export interface RatingEngine {
  readonly tables: readonly Table[];
  /** rows come in order, with the public id that their initial values depend on */
  addUser(row: number, userId: number): void;
  addFilm(row: number, movieId: number): void;
  /** expected stars, not clipped to the scale; -1 is somebody or something unknown; reads only */
  predict(user: number, film: number): number;
  learn(user: number, film: number, rating: number): void;
  /** the pair's rating was `before` */
  relearn(user: number, film: number, rating: number, before: number): void;
  /** @param forgetting the user's row will be reset anyway */
  unlearn(user: number, film: number, before: number, forgetting: boolean): void;
  /** the user's row as if it had never been; its ratings were unlearned before */
  forgetUser(user: number, userId: number): void;
  /** goes over ratings of the store again, in an order of its own counter: `rounds` as much as one event gets */
  replay(rounds: number): void;
  /** updates that would have left a value that is no number; the row was kept as it was */
  refusedUpdates(): number;
}
