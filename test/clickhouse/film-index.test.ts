import { describe, expect, it } from 'vitest';
import { createFilmIndex } from '../../clickhouse/film-index.ts';
import { drop, OK } from '../../core/verdict.ts';
import { rating } from '../helpers/events.ts';

const index = createFilmIndex(2, [{ movieId: 5, genreIds: [18, 35], companyIds: [], releaseYear: 1999 }]);

describe('the film index', () => {
  it('gives what the catalogue knows, and (unknown) for the rest, so that no rating is lost', () => {
    expect(index.film(5)).toMatchObject({
      genreIds: [18, 35],
      companyIds: [0],
      releaseYear: 1999,
      fanOut: 4,
    });
    expect(index.film(6)).toMatchObject({ genreIds: [0], companyIds: [0], releaseYear: 0, fanOut: 3 });
  });

  it('gives no film to what concerns none', () => {
    const deletion = rating({ kind: 'USER_DELETED', movieId: 0, rating: null });
    expect(index.filmOf({ verdict: OK, event: deletion, late: false })).toMatchObject({
      genreIds: [],
      fanOut: 1,
    });
    expect(index.filmOf({ verdict: drop('duplicate'), event: rating({ movieId: 5 }), late: false })).toBe(
      index.film(5),
    );
  });

  it('writes lists of any length', () => {
    const genreIds = Array.from({ length: 300 }, (_, i) => i);
    const wide = createFilmIndex(1, [{ movieId: 1, genreIds, companyIds: [1], releaseYear: 0 }]).film(1);
    expect(wide.encoded.length).toBe(2 + 300 * 4 + 1 + 4 + 6);
  });
});
