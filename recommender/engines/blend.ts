import type { RatingEngine } from './rating-engine.ts';

/** Weighted mean of engines that learn side by side: their errors differ, so that together they err less than each. */
export function createBlend(members: readonly RatingEngine[], weights: readonly number[]): RatingEngine {
  const { length } = members;
  return {
    tables: members.flatMap(({ tables }) => tables),
    addUser(row, userId) {
      for (let k = 0; k < length; k++) members[k]!.addUser(row, userId);
    },
    addFilm(row, movieId) {
      for (let k = 0; k < length; k++) members[k]!.addFilm(row, movieId);
    },
    predict(user, film) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += weights[k]! * members[k]!.predict(user, film);
      return sum;
    },
    learn(user, film, rating) {
      for (let k = 0; k < length; k++) members[k]!.learn(user, film, rating);
    },
    relearn(user, film, rating, before) {
      for (let k = 0; k < length; k++) members[k]!.relearn(user, film, rating, before);
    },
    unlearn(user, film, before, forgetting) {
      for (let k = 0; k < length; k++) members[k]!.unlearn(user, film, before, forgetting);
    },
    forgetUser(user, userId) {
      for (let k = 0; k < length; k++) members[k]!.forgetUser(user, userId);
    },
    replay(rounds) {
      for (let k = 0; k < length; k++) members[k]!.replay(rounds);
    },
    refusedUpdates: () => members.reduce((sum, member) => sum + member.refusedUpdates(), 0),
  };
}
