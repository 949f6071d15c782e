import { describe, expect, it } from 'vitest';
import { createRatingStore } from '../../../recommender/store/rating-store.ts';

describe('a rating store', () => {
  it('finds every pair of a list of any length, and none that is not there', () => {
    const store = createRatingStore(0);
    store.ensureUsers(3);
    store.ensureFilms(200);
    // a neighbour on either side: what is read across a list's ends must not be taken for its own
    for (let film = 100; film < 140; film++) for (const other of [0, 2]) store.rate(other, film, 5, 0);
    for (let length = 1; length <= 40; length++) {
      store.rate(1, length, 5, 0);
      for (let film = 1; film <= length; film++) expect(store.find(1, film)).toBe(film - 1);
      expect(store.find(1, length + 1)).toBe(-1);
      expect(store.find(1, 100)).toBe(-1);
      expect(store.find(1, 0)).toBe(-1);
    }
  });
});
