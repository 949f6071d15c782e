import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../catalog/catalogue.ts';
import { toFilmFacts } from '../../catalog/film-facts.ts';
import { type Link, type MovieLensMovie, toLink, toMovieLensMovie } from '../../catalog/movielens.ts';

function ok<T>(outcome: { readonly ok: T } | { readonly quarantine: object }): T {
  if ('ok' in outcome) return outcome.ok;
  throw new Error(JSON.stringify(outcome));
}

const film = (fields: Record<string, string>) => ok(toFilmFacts(fields)).facts;
const movie = (movieId: number, title: string, genres: string): [number, MovieLensMovie] => [
  movieId,
  ok(toMovieLensMovie({ movieId: String(movieId), title, genres })).movie,
];
const link = (movieId: number, tmdbId: string): [number, Link] => [
  movieId,
  ok(toLink({ movieId: String(movieId), imdbId: '0114709', tmdbId })),
];

const toyStory = film({
  id: '862',
  title: 'Toy Story',
  release_date: '1995-10-30',
  genres: "[{'id': 16, 'name': 'Animation'}, {'id': 16, 'name': 'Animation'}]",
  production_companies: "[{'name': 'Pixar Animation Studios', 'id': 3}]",
});

describe('buildCatalogue', () => {
  it('joins through links, never by equal numbers', () => {
    const { movies } = buildCatalogue({
      movieLens: new Map([movie(1, 'Toy Story (1995)', 'Comedy'), movie(862, 'Another (1970)', 'Drama')]),
      links: new Map([link(1, '862'), link(862, '5')]),
      facts: new Map([[862, toyStory]]),
      cpi: [],
    });
    expect(movies[0]).toMatchObject({ movie_id: 1, tmdb_id: 862, title: 'Toy Story', company_ids: [3] });
    expect(movies[1]).toMatchObject({ movie_id: 862, tmdb_id: 5, title: 'Another', facts_from: 'movielens' });
    expect(movies).toHaveLength(2);
  });

  it('gives both MovieLens films on one TMDB film its facts', () => {
    const catalogue = buildCatalogue({
      movieLens: new Map([movie(1, 'A (1995)', 'Drama'), movie(2, 'A (1995)', 'Drama')]),
      links: new Map([link(1, '862'), link(2, '862')]),
      facts: new Map([[862, toyStory]]),
      cpi: [],
    });
    expect(catalogue.movies.map((row) => [row.movie_id, row.tmdb_id, row.facts_from])).toEqual([
      [1, 862, 'tmdb'],
      [2, 862, 'tmdb'],
    ]);
    expect(catalogue.matched).toBe(2);
  });

  it('keeps a film that only one side knows', () => {
    const { movies } = buildCatalogue({
      movieLens: new Map([movie(7, 'Only Here (1993– )', 'Sci-Fi|IMAX|Film-Noir')]),
      links: new Map([link(8, '')]),
      facts: new Map([[862, toyStory]]),
      cpi: [],
    });
    expect(movies).toMatchObject([
      { movie_id: 7, tmdb_id: 0, genres_from: 'movielens', genre_ids: [878, 60_001], company_ids: [0] },
      { movie_id: 8, tmdb_id: 0, title: '(unknown)', genres_from: '', genre_ids: [0], company_ids: [0] },
      { movie_id: 0, tmdb_id: 862, genres_from: 'tmdb', genre_ids: [16], company_ids: [3] },
    ]);
  });

  it('falls back on MovieLens genres where TMDB names none', () => {
    const bare = film({ id: '9', title: 'Bare', genres: '[]' });
    const { movies, genres } = buildCatalogue({
      movieLens: new Map([movie(1, 'Bare (2001)', 'Children|Musical')]),
      links: new Map([link(1, '9')]),
      facts: new Map([[9, bare]]),
      cpi: [],
    });
    expect(movies[0]).toMatchObject({
      genre_ids: [10751, 10402],
      release_year: 2001,
      facts_from: 'tmdb',
      genres_from: 'movielens',
    });
    expect(genres).toEqual([
      { id: 0, name: '(unknown)' },
      { id: 10402, name: 'Music' },
      { id: 10751, name: 'Family' },
    ]);
  });
});

describe('MovieLens rows', () => {
  it.each([
    ['Toy Story (1995)', 'Toy Story', 1995],
    ['96 Minutes (2011) ', '96 Minutes', 2011],
    ['Death Note: Desu nôto (2006–2007)', 'Death Note: Desu nôto', 2006],
    ['Only Here (1993– )', 'Only Here', 1993],
    ['Babylon 5', 'Babylon 5', 0],
    ['2001: A Space Odyssey (1968)', '2001: A Space Odyssey', 1968],
  ])('%s', (title, name, year) => {
    expect(movie(1, title, '')[1]).toMatchObject({ title: name, year });
  });

  it('keeps the zeros of IMDb ids and takes an empty TMDB id as no match', () => {
    expect(ok(toLink({ movieId: '1', imdbId: '0114709', tmdbId: '' }))).toEqual({
      movieId: 1,
      imdbId: 'tt0114709',
      tmdbId: 0,
    });
  });

  it.each(['0', '-1', '1.5', '2147483648', '1997-08-20', ''])('refuses the id "%s"', (movieId) => {
    expect(toLink({ movieId, imdbId: '1', tmdbId: '1' })).toEqual({
      quarantine: { field: 'movieId', reason: 'not_an_id' },
    });
    expect(toFilmFacts({ id: movieId })).toEqual({ quarantine: { field: 'id', reason: 'not_an_id' } });
  });

  it('has the overview in one line, and none where nobody wrote one', () => {
    const { facts, remarks } = ok(toFilmFacts({ id: '5', overview: ' Two lines\r\nand one. ' }));
    expect(facts.overview).toBe('Two lines and one.');
    expect(remarks.map(({ trouble }) => trouble.field)).not.toContain('overview');
    expect(film({ id: '5', overview: 'No overview found.' }).overview).toBe('');
    expect(film({ id: '5' }).overview).toBe('');
  });

  it('loses one field, not the film, over a bad literal', () => {
    const { facts, remarks } = ok(
      toFilmFacts({ id: '5', genres: "[{'id': 16", production_companies: '[3]' }),
    );
    expect(facts).toMatchObject({ tmdbId: 5, genres: [], companies: [] });
    expect(remarks).toContainEqual({
      outcome: 'blanked',
      trouble: { field: 'genres', reason: 'not_a_literal', text: "[{'id': 16" },
    });
    expect(remarks).toContainEqual({
      outcome: 'blanked',
      trouble: { field: 'production_companies', reason: 'not_a_list_of_entries', text: '[3]' },
    });
  });
});
