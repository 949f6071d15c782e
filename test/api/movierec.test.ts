import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../../recommender/recommender.ts';
import { createWorld, NOW_MS, someHistory, type World } from './in-memory.ts';

/**
 * MovieRec v1, line by line: every call in both modes, whole answers. What differs between the modes stands in `MODES`, and
 * nothing else differs.
 */
const MODES = {
  none: {
    limit: (n: number) => n,
    rating: (stars: number) => stars,
    listTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/,
    writeTime: '2018-09-30T14:55:20.158+00:00',
    watched: 'watched',
    note: { note: expect.any(String) },
  },
  movierec: {
    limit: (n: number) => String(n),
    rating: (stars: number) => (Number.isInteger(stars) ? `${stars}.0` : String(stars)),
    listTime: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?\+00:00$/,
    writeTime: '2018-09-30T14:55:20.158000+00:00',
    watched: 'watched:',
    note: {},
  },
} as const;

const SECOND = 1_000;
const rate = (userId: number, movieId: number, rating: number, atMs: number): ChangeEvent => ({
  kind: 'RATED',
  userId,
  movieId,
  rating,
  tsMs: NOW_MS - 1e9 + atMs,
});
/** User 60: two films of one moment, two of one rating. */
const PAST: readonly ChangeEvent[] = [
  rate(60, 10, 4, 0),
  rate(60, 11, 5, SECOND),
  rate(60, 12, 4, 2 * SECOND),
  rate(60, 13, 2.5, 2 * SECOND),
];

const film = (id: number) => ({
  description: (id - 1) % 3 ? '' : 'About something',
  genres: (id - 1) % 2 ? 'Drama|Crime' : 'Comedy',
  movie_id: id,
  title: `Film ${id}`,
  year: id === 1 ? null : 1949 + id,
});
const idsOf = (films: readonly { movie_id: number }[]) => films.map(({ movie_id: id }) => id);

describe.each(['none', 'movierec'] as const)('MovieRec v1, compat %s', (compat) => {
  const mode = MODES[compat];
  let w: World;
  beforeEach(async () => {
    w = await createWorld({ compat }, [...someHistory(), ...PAST]);
  });
  const listed = (movieId: number, stars: number) => ({
    is_implicit: false,
    movie: film(movieId),
    rating: mode.rating(stars),
    ts: expect.stringMatching(mode.listTime),
  });

  it('GET /user/10', async () => {
    expect((await w.get('/user/10')).json()).toEqual({ gender: null, user_id: 10, year_of_birth: null });
  });

  it('PUT /user: strings for numbers, the next id', async () => {
    const made = await w.put('/user', { gender: 'M', year_of_birth: '1982' });
    expect(made.json()).toEqual({ gender: 'M', user_id: 61, year_of_birth: 1982 });
    expect((await w.get('/user/61')).json()).toEqual(made.json());
  });

  it('DELETE /user/61', async () => {
    await w.put('/user', {});
    expect((await w.remove('/user/61')).json()).toEqual({ msg: 'deleted', user_id: 61, ...mode.note });
    expect((await w.get('/user/61')).statusCode).toBe(404);
  });

  it('GET /user/60/ratings/top: by rating, newest first within a rating; 20 unless a limit is given', async () => {
    expect((await w.get('/user/60/ratings/top?limit=3')).json()).toEqual({
      limit: mode.limit(3),
      user_id: 60,
      ratings: [listed(11, 5), listed(12, 4), listed(10, 4)],
    });
    for (let movieId = 20; movieId < 45; movieId++)
      await w.put('/user/60/rating', { movie_id: movieId, rating: 1 });
    const { limit, ratings } = (await w.get('/user/60/ratings/top')).json();
    expect([limit, ratings.length]).toEqual([mode.limit(20), 20]);
  });

  it('GET /user/60/ratings/latest: newest first, then by rating; 20 unless a limit is given', async () => {
    expect((await w.get('/user/60/ratings/latest?limit=3')).json()).toEqual({
      limit: mode.limit(3),
      user_id: 60,
      ratings: [listed(12, 4), listed(13, 2.5), listed(11, 5)],
    });
    expect((await w.get('/user/60/ratings/latest')).json().limit).toBe(mode.limit(20));
  });

  it('GET /movie/8: genres joined by bars, no year in the title', async () => {
    expect((await w.get('/movie/8')).json()).toEqual(film(8));
  });

  it('GET /movies/top: by people who rated or watched, then by average; no average below five ratings', async () => {
    for (let user = 1; user <= 50; user++) await w.put(`/user/${user}/watched`, { movie_id: 2 });
    for (let user = 1; user <= 4; user++) await w.put(`/user/${user}/rating`, { movie_id: 2, rating: 5 });
    const { top_movies: top } = (await w.get('/movies/top?limit=10')).json();
    expect(top[0]).toEqual({ avg_rating: null, movie: film(2), votes: 50 });
    await w.put('/user/5/rating', { movie_id: 2, rating: 4 });
    const after = (await w.get('/movies/top')).json().top_movies;
    expect(after[0]).toEqual({ avg_rating: 24 / 5, movie: film(2), votes: 50 });
    const keys = after.map(
      (one: { votes: number; avg_rating: number | null }) => one.votes * 10 + (one.avg_rating ?? 0),
    );
    expect(keys).toEqual([...keys].sort((a, b) => b - a));
    expect(top).toHaveLength(10);
    expect(after.length).toBeGreaterThan(40);
  });

  it('PUT /user/30/rating: from 0 to 5, to the nearest half step', async () => {
    const answer = (rating: number) => ({
      is_implicit: false,
      movie_id: 2,
      rating,
      ts: mode.writeTime,
      user_id: 30,
    });
    for (const [given, stored] of [
      [3.5, 3.5],
      [3.8, 4],
      [0, 0],
      [5, 5],
      ['4.5', 4.5],
    ] as const) {
      expect((await w.put('/user/30/rating', { movie_id: 2, rating: given })).json()).toEqual(answer(stored));
    }
    for (const rating of [-0.1, 5.1]) {
      expect((await w.put('/user/30/rating', { movie_id: 2, rating })).statusCode).toBe(400);
    }
  });

  it('DELETE /user/60/rating: the film in the body, or in the query', async () => {
    const answer = { movie_id: 10, msg: 'deleted', user_id: 60 };
    expect((await w.remove('/user/60/rating', { movie_id: 10 })).json()).toEqual(answer);
    await w.put('/user/60/rating', { movie_id: 10, rating: 3 });
    expect((await w.remove('/user/60/rating?movie_id=10')).json()).toEqual(answer);
    const { ratings } = (await w.get('/user/60/ratings/latest')).json();
    expect(idsOf(ratings.map((one: { movie: object }) => one.movie))).not.toContain(10);
  });

  it('PUT and DELETE /user/60/watched', async () => {
    const answer = (is: boolean) => ({ movie_id: 20, user_id: 60, [mode.watched]: is });
    expect((await w.put('/user/60/watched', { movie_id: 20 })).json()).toEqual(answer(true));
    const seen = (await w.get('/user/60/ratings/latest?limit=1')).json().ratings[0];
    expect([seen.is_implicit, seen.movie.movie_id]).toEqual([true, 20]);
    expect((await w.remove('/user/60/watched', { movie_id: 20 })).json()).toEqual(answer(false));
    expect((await w.put('/user/60/watched', { movie_id: 20 })).statusCode).toBe(200);
    expect((await w.remove('/user/60/watched?movie_id=20')).json()).toEqual(answer(false));
  });

  it('a watch without a rating shows the average of a film with enough raters, else 3.5', async () => {
    await w.put('/user/60/watched', { movie_id: 3 });
    await w.put('/user/60/watched', { movie_id: 30 });
    const { ratings } = (await w.get('/user/60/ratings/latest?limit=2')).json();
    const shown = new Map(
      ratings.map((one: { movie: { movie_id: number }; rating: unknown }) => [
        one.movie.movie_id,
        one.rating,
      ]),
    );
    expect(shown).toEqual(
      new Map([
        [3, mode.rating(3.5)],
        [30, mode.rating(w.recommender.filmStatistics(30).average!)],
      ]),
    );
  });

  it('GET /user/60/recommendations: TOP_N unless a limit is given, never what was seen, nothing missing', async () => {
    const list = async (query = '') =>
      (await w.get(`/user/60/recommendations${query}`)).json().recommendations;
    const before = await list();
    expect(before).toHaveLength(20);
    expect(before[0]).toMatchObject(film(before[0].movie_id));
    expect(await list('?limit=3')).toHaveLength(3);
    await w.put('/user/60/watched', { movie_id: before[0].movie_id });
    await w.put('/user/60/rating', { movie_id: before[1].movie_id, rating: 1 });
    const after = idsOf(await list());
    expect(after).toHaveLength(20);
    for (const id of [10, 11, 12, 13, before[0].movie_id, before[1].movie_id])
      expect(after).not.toContain(id);
  });

  it('GET /user/61/recommendations of a new user: what most people like', async () => {
    await w.put('/user', {});
    const { recommendations } = (await w.get('/user/61/recommendations?limit=5')).json();
    expect(idsOf(recommendations)).toEqual(w.recommender.topMovies(61, 5));
    expect(idsOf(recommendations)).toEqual(w.recommender.topMovies(-1, 5));
  });
});
