import { beforeAll, describe, expect, it } from 'vitest';
import { createWorld, NOW_MS, someHistory, type World } from './in-memory.ts';

const film = (id: number) => ({
  description: (id - 1) % 3 ? '' : 'About something',
  genres: (id - 1) % 2 ? 'Drama|Crime' : 'Comedy',
  movie_id: id,
  title: `Film ${id}`,
  year: id === 1 ? null : 1949 + id,
});

describe('calls', () => {
  let w: World;
  beforeAll(async () => {
    w = await createWorld({}, someHistory());
  });

  it('makes, shows and deletes a user', async () => {
    const made = await w.put('/user', { gender: 'M', year_of_birth: '1982' });
    expect(made.json()).toEqual({ gender: 'M', user_id: 51, year_of_birth: 1982 });
    expect((await w.get('/user/51')).json()).toEqual({ gender: 'M', user_id: 51, year_of_birth: 1982 });
    const gone = await w.remove('/user/51');
    expect(gone.json()).toEqual({ msg: 'deleted', user_id: 51, note: expect.stringMatching(/retention/) });
    expect(gone.headers['reelstream-position']).toBe(`3:${w.log.length - 1}`);
    expect((await w.get('/user/51')).statusCode).toBe(404);
    expect((await w.put('/user', {})).json()).toEqual({ gender: null, user_id: 52, year_of_birth: null });
  });

  it('shows a user known by ratings alone with null fields', async () => {
    expect((await w.get('/user/10')).json()).toEqual({ gender: null, user_id: 10, year_of_birth: null });
  });

  it('shows a film', async () => {
    expect((await w.get('/movie/1')).json()).toEqual(film(1));
    expect((await w.get('/movie/8')).json()).toEqual(film(8));
  });

  it('orders a history by rating, newest first within a rating, and by time', async () => {
    const { limit, user_id, ratings } = (await w.get('/user/40/ratings/top?limit=5')).json();
    expect([limit, user_id, ratings.length]).toEqual([5, 40, 5]);
    const keys = ratings.map((one: { rating: number; ts: string }) => [one.rating, one.ts]);
    expect(keys).toEqual([...keys].sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? 1 : -1)));
    const whole = (await w.get('/user/40/ratings/latest')).json();
    expect(whole.limit).toBe(20);
    const times = whole.ratings.map((one: { ts: string }) => one.ts);
    expect(times).toHaveLength(12);
    expect(times).toEqual([...times].sort().reverse());
    expect(whole.ratings[0]).toEqual({
      is_implicit: false,
      movie: film(whole.ratings[0].movie.movie_id),
      rating: expect.any(Number),
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
    });
  });

  it('pages, and says where the next page is', async () => {
    const first = await w.get('/user/40/ratings/latest?limit=5');
    expect(first.headers.link).toBe('</api/v1/user/40/ratings/latest?limit=5&offset=5>; rel="next"');
    const last = await w.get('/user/40/ratings/latest?limit=5&offset=10');
    expect(last.json().ratings).toHaveLength(2);
    expect(last.headers.link).toBeUndefined();
  });

  it('lists films by people, then by average', async () => {
    const { top_movies: top } = (await w.get('/movies/top?limit=10')).json();
    expect(top).toHaveLength(10);
    const keys = top.map((one: { votes: number; avg_rating: number }) => one.votes * 10 + one.avg_rating);
    expect(keys).toEqual([...keys].sort((a, b) => b - a));
    expect((await w.get('/movies/top')).json().top_movies.length).toBeLessThanOrEqual(100);
  });

  it('rounds a rating to the nearest half step and learns it', async () => {
    const answer = await w.put('/user/30/rating', { movie_id: 2, rating: 3.8 });
    expect(answer.json()).toEqual({
      is_implicit: false,
      movie_id: 2,
      rating: 4,
      ts: '2018-09-30T14:55:20.158+00:00',
      user_id: 30,
    });
    expect(w.log.at(-1)).toMatchObject({ kind: 'RATED', userId: 30, movieId: 2, rating: 4, tsMs: NOW_MS });
    expect(w.recommender.opinion(30, 2)?.rating).toBe(4);
    expect((await w.put('/user/30/rating', { movie_id: '2', rating: '0.2' })).json().rating).toBe(0);
    for (const rating of [5.01, -0.1, null, true, '', 'x', '1e0', [3], {}]) {
      const refused = await w.put('/user/30/rating', { movie_id: 2, rating });
      expect([refused.statusCode, refused.json().field]).toEqual([400, 'rating']);
    }
  });

  it('takes a rating back, named in the body or in the query', async () => {
    await w.put('/user/31/rating', { movie_id: 2, rating: 3 });
    const byBody = await w.remove('/user/31/rating', { movie_id: 2 });
    expect(byBody.json()).toEqual({ movie_id: 2, msg: 'deleted', user_id: 31 });
    expect(w.recommender.opinion(31, 2)).toBeNull();
    await w.put('/user/31/rating', { movie_id: 2, rating: 3 });
    expect((await w.remove('/user/31/rating?movie_id=2')).statusCode).toBe(200);
    expect(w.recommender.opinion(31, 2)).toBeNull();
    const unnamed = await w.remove('/user/31/rating', undefined, { 'content-type': 'application/json' });
    expect([unnamed.statusCode, unnamed.json().field]).toEqual([400, 'movie_id']);
  });

  it('marks as watched with an implicit rating: the average, or 3.5 below five ratings', async () => {
    const ownFilms = new Set(w.recommender.opinions(32).map(({ movieId }) => movieId));
    const known = w.recommender.topMovies(0, 20).find((id) => !ownFilms.has(id))!;
    expect((await w.put('/user/32/watched', { movie_id: 3 })).json()).toEqual({
      movie_id: 3,
      user_id: 32,
      watched: true,
    });
    await w.put('/user/32/watched', { movie_id: known });
    const { ratings } = (await w.get('/user/32/ratings/latest?limit=2')).json();
    const shown = new Map(
      ratings.map((one: { movie: { movie_id: number }; rating: number; is_implicit: boolean }) => [
        one.movie.movie_id,
        [one.rating, one.is_implicit],
      ]),
    );
    expect(shown.get(3)).toEqual([3.5, true]);
    expect(shown.get(known)).toEqual([w.recommender.filmStatistics(known).average, true]);
    expect((await w.remove('/user/32/watched', { movie_id: 3 })).json().watched).toBe(false);
    expect(w.recommender.opinion(32, 3)).toBeNull();
  });

  it('recommends with reasons, never what was marked a moment ago, and fills the gap', async () => {
    const before = (await w.get('/user/33/recommendations')).json();
    expect(before.recommendations).toHaveLength(20);
    expect(before.recommendations[0]).toMatchObject({
      ...film(before.recommendations[0].movie_id),
      source: 'personal',
      score: expect.any(Number),
      predicted_rating: expect.any(Number),
    });
    expect(before.recommendations[0].because[0]).toEqual({
      movie_id: expect.any(Number),
      title: expect.stringMatching(/^Film/),
    });
    expect(before.model.version).toBe(w.recommender.version());
    const first = before.recommendations[0].movie_id;
    await w.put('/user/33/watched', { movie_id: first });
    const after = (await w.get('/user/33/recommendations')).json();
    const ids = after.recommendations.map((one: { movie_id: number }) => one.movie_id);
    expect(ids).toHaveLength(20);
    expect(ids).not.toContain(first);
    expect(after.model.as_of.positions).toEqual({ 3: w.log.length - 1 });
  });

  it('gives a new user the top list', async () => {
    const { user_id: userId } = (await w.put('/user', { gender: 'F' })).json();
    const { recommendations } = (await w.get(`/user/${userId}/recommendations?limit=3`)).json();
    expect(recommendations.map((one: { source: string }) => one.source)).toEqual(['cold', 'cold', 'cold']);
  });

  it('predicts named films and finds similar ones', async () => {
    const own = w.recommender.opinions(34)[0]!;
    const { predictions } = (await w.get(`/user/34/predictions?movie_ids=1,${own.movieId}`)).json();
    expect(predictions[0]).toEqual({ movie_id: 1, predicted_rating: expect.any(Number), rating: null });
    expect(predictions[1].rating).toBe(own.rating);
    const { similar, movie_id } = (await w.get(`/movie/${own.movieId}/similar?limit=4`)).json();
    expect([movie_id, similar.length]).toEqual([own.movieId, 4]);
    expect(similar[0].score).toBeGreaterThanOrEqual(similar[1].score);
  });

  it('answers 404 for whom and what it does not know', async () => {
    const answers = await Promise.all([
      w.get('/user/9999'),
      w.get('/movie/9999'),
      w.get('/movie/9999/similar'),
      w.get('/user/9999/recommendations'),
      w.get('/user/9999/ratings/top'),
      w.get('/user/1/predictions?movie_ids=1,9999'),
      w.put('/user/9999/rating', { movie_id: 1, rating: 3 }),
      w.put('/user/1/rating', { movie_id: 9999, rating: 3 }),
      w.remove('/user/9999'),
      w.get('/nothing'),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 404));
    expect(answers[0]!.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answers[0]!.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'there is no user 9999',
      field: 'user_id',
    });
  });
});

describe('calls, as the original types them', () => {
  it('gives limits and ratings of lists as strings, times as Python writes them, the colon', async () => {
    const w = await createWorld({ compat: 'movierec' }, someHistory());
    expect((await w.put('/user/30/rating', { movie_id: 2, rating: 3.5 })).json()).toEqual({
      is_implicit: false,
      movie_id: 2,
      rating: 3.5,
      ts: '2018-09-30T14:55:20.158000+00:00',
      user_id: 30,
    });
    const { limit, ratings } = (await w.get('/user/30/ratings/latest?limit=2')).json();
    expect(limit).toBe('2');
    expect(ratings[0]).toMatchObject({ rating: '3.5', ts: '2018-09-30 14:55:20.158000+00:00' });
    expect(ratings[1].rating).toMatch(/^\d\.\d$/);
    const watched = await w.put('/user/30/watched', { movie_id: 3 });
    expect(watched.json()).toEqual({ movie_id: 3, user_id: 30, 'watched:': true });
    const unwatched = await w.remove('/user/30/watched', { movie_id: 3 });
    expect(unwatched.json()).toEqual({ movie_id: 3, user_id: 30, 'watched:': false });
    expect((await w.remove('/user/30')).json()).toEqual({ msg: 'deleted', user_id: 30 });
  });
});
