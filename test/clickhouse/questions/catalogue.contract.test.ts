import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouse, connectClickHouse } from '../../../clickhouse/connection.ts';
import { migrate } from '../../../clickhouse/migrate.ts';
import { askAsAPerson } from '../../cli/ask/as-a-person.ts';
import { startTestClickHouse, type TestClickHouse } from '../../helpers/clickhouse-server.ts';
import { migrations } from '../fixture.ts';
import { answer, expectRows, type Given, keyed } from './asking.ts';
import { loadSample } from './fixture.ts';
import {
  everyFilm,
  type FoldFilm,
  filmByTmdb,
  films,
  genresOfMovie,
  groupBy,
  known,
  mean,
  median,
  prices,
  quantile,
  ratings,
  sum,
  tmdbOf,
  upperMedian,
} from './fold.ts';

/** Every figure is worked out a second time by loops over the files; what is written as a number is known from outside. */
const DATABASE = 'questions';
let server: TestClickHouse;
let clickhouse: ClickHouse;

beforeAll(async () => {
  server = await startTestClickHouse();
  clickhouse = connectClickHouse({ url: server.url, database: DATABASE });
  await loadSample(clickhouse);
}, 120_000);
afterAll(async () => {
  await clickhouse?.close();
  await server?.stop();
});

const ask = (name: string, given: Given = {}) => answer(clickhouse, name, given);
const totalsOf = async (name: string, given: Given = {}) => (await ask(name, given)).rows[0]!;

const sumOrNull = (figures: readonly (number | null)[]) => {
  const found = known(figures);
  return found.length === 0 ? null : sum(found);
};
const shared = (figures: readonly (number | null)[], parts: readonly number[]) =>
  sumOrNull(figures.map((figure, i) => (figure === null ? null : figure / parts[i]!)));

function moneyOf(group: readonly FoldFilm[], partsOf: (film: FoldFilm) => number) {
  const parts = group.map(partsOf);
  const of = (name: 'revenue' | 'budget' | 'profit') => group.map((film) => film[name]);
  return {
    films: group.length,
    known: known(of('profit')).length,
    known_revenue: known(of('revenue')).length,
    known_budget: known(of('budget')).length,
    revenue_full: sumOrNull(of('revenue')),
    budget_full: sumOrNull(of('budget')),
    profit_full: sumOrNull(of('profit')),
    revenue_fractional: shared(of('revenue'), parts),
    budget_fractional: shared(of('budget'), parts),
    profit_fractional: shared(of('profit'), parts),
    popularity_mean: mean(group.map(({ popularity }) => popularity)),
    popularity_median: median(group.map(({ popularity }) => popularity)),
  };
}

describe('money by year', () => {
  it.each([
    ['company-year', 'company_id', 'companies'],
    ['genre-year', 'genre_id', 'genres'],
  ] as const)('%s is the fold in every cell, at both credits', async (name, id, of) => {
    const cells = groupBy(films, (film) => film[of].map((one) => `${film.year} ${one}`));
    const expected = [...cells].map(
      ([key, group]) => [key, moneyOf(group, (film) => film[of].length)] as const,
    );
    const { rows } = await ask(name, { min_n: '1' });
    expectRows(keyed(rows, 'year', id), new Map(expected));
    expect(rows[0]).toMatchObject({ all_films: 2_993, all_known: 1_123 });
  });

  it('wants three films of a company, ten of a genre', async () => {
    for (const [name, least] of [
      ['company-year', 3],
      ['genre-year', 10],
    ] as const) {
      const counts = (await ask(name)).rows.map((row) => Number(row.films));
      expect(Math.min(...counts)).toBe(least);
    }
  });

  it('takes no unknown revenue for a loss: that would invent 4.25 billion', async () => {
    const invented = films.filter((film) => film.budget !== null && film.hasZeroRevenue);
    expect(invented).toHaveLength(251);
    expect(sum(invented.map(({ budget }) => budget!)) / 1e9).toBeCloseTo(4.25, 2);
    const { rows } = await ask('company-year', { min_n: '1' });
    for (const row of rows) expect(row.known === 0).toBe(row.profit_full === null);
  });

  it('filters by year, genre and company, and ranks by either credit', async () => {
    const drama = films.filter((film) => film.year === 1994 && film.genres.includes(18));
    const cells = groupBy(drama, (film) => film.companies.map(String));
    const { rows } = await ask('company-year', {
      from: '1994',
      to: '1994',
      genre: [18],
      min_n: '1',
      credit: 'fractional',
    });
    expectRows(
      keyed(rows, 'company_id'),
      new Map([...cells].map(([key, group]) => [key, moneyOf(group, (film) => film.companies.length)])),
    );
    expect(rows[0]).toMatchObject({ all_films: drama.length });
    const revenues = rows.map((row) => Number(row.revenue_fractional ?? -1));
    expect(revenues).toEqual(revenues.toSorted((a, b) => b - a));
    const some = (await ask('genre-year', { company: [3, 2], min_n: '1' })).rows;
    const theirs = films.filter((film) => film.companies.some((id) => id === 3 || id === 2));
    expect(some[0]).toMatchObject({ all_films: theirs.length });
    expect(
      (await ask('company-year', { company: [3], min_n: '1' })).rows.every((row) => row.company_id === 3),
    ).toBe(true);
  });

  it('revenue by genre by year shows the strongest genres of the whole span', async () => {
    const byGenre = groupBy(films, (film) => film.genres.map(String));
    for (const credit of ['full', 'fractional']) {
      const strength = ([, group]: readonly [string, readonly FoldFilm[]]) =>
        sum(group.map(({ revenue, genres }) => (revenue ?? 0) / (credit === 'full' ? 1 : genres.length)));
      const strongest = [...byGenre].toSorted((a, b) => strength(b) - strength(a)).slice(0, 3);
      const expected = strongest.flatMap(([id, group], i) =>
        [...groupBy(group, ({ year }) => [String(year)])].flatMap(([year, cell]) => {
          const { films, known_revenue, revenue_full, revenue_fractional } = moneyOf(
            cell,
            ({ genres }) => genres.length,
          );
          const row = { films, known: known_revenue, revenue_full, revenue_fractional, rank: i + 1 };
          return films >= 10 ? [[`${year} ${id}`, row] as const] : [];
        }),
      );
      const { rows } = await ask('revenue-by-genre-by-year', { credit, top: '3' });
      expectRows(keyed(rows, 'year', 'genre_id'), new Map(expected));
      expect(rows[0]).toMatchObject({ all_films: 2_993, all_known: 1_412, all_revenue: 102_674_321_576 });
    }
  });
});

describe('releases by genre, year and company', () => {
  it('count films in every cell of the product, and shares add up to the films', async () => {
    const cells = groupBy(films, ({ year, genres, companies }) =>
      genres.flatMap((genre) => companies.map((company) => `${year} ${genre} ${company}`)),
    );
    const ofYear = groupBy(films, ({ year }) => [String(year)]);
    const expected = [...cells].map(([key, group]) => {
      const shares = group.map(({ genres, companies }) => 1 / (genres.length * companies.length));
      const year = key.split(' ')[0]!;
      return [
        key,
        { films_full: group.length, films_fractional: sum(shares), year_films: ofYear.get(year)!.length },
      ] as const;
    });
    const { rows } = await ask('releases-by-genre-year-company');
    expectRows(keyed(rows, 'year', 'genre_id', 'company_id'), new Map(expected));
    expect(sum(rows.map((row) => Number(row.films_fractional)))).toBeCloseTo(2_993, 6);
    expect(rows[0]!.all_films).toBe(2_993);
  });
});

describe('the most popular genre of a year', () => {
  const byYear = groupBy(films, ({ year }) => [String(year)]);
  const winners = (least: (films: number) => number) =>
    new Map(
      [...byYear].flatMap(([year, group]) => {
        const genres = [...groupBy(group, (film) => film.genres.map(String))].filter(([id]) => id !== '0');
        const enough = genres
          .map(([id, own]) => ({
            id: Number(id),
            n: own.length,
            popularity: mean(own.map((film) => film.popularity)),
          }))
          .filter(({ n }) => n >= least(group.length))
          .toSorted((a, b) => b.popularity - a.popularity);
        const most = Math.max(...genres.map(([, own]) => own.length));
        const [best] = enough;
        if (!best) return [];
        const row = { genre_id: best.id, popularity_mean: best.popularity, n: best.n, films: group.length };
        return [[year, { ...row, most_released_films: most }] as const];
      }),
    );

  it('needs ten films and five percent of the year', async () => {
    const { rows } = await ask('most-popular-genre-by-year');
    const expected = winners((count) => Math.max(10, 0.05 * count));
    expectRows(keyed(rows, 'year'), expected);
    expect(rows[0]!.years_without).toBe(byYear.size - expected.size);
  });

  it('would be Animation with five to nine films otherwise, and always Drama by numbers', async () => {
    const rows = keyed((await ask('most-popular-genre-by-year', { min_n: '1', share: '0' })).rows, 'year');
    for (const [year, n] of [
      [1995, 9],
      [1996, 7],
      [1997, 5],
      [1998, 9],
    ] as const) {
      expect(rows.get(String(year))).toMatchObject({ genre: 'Animation', n });
    }
    expect(rows.get('1994')).toMatchObject({ genre: 'Crime', n: 31 });
    for (let year = 1994; year <= 1999; year++)
      expect(rows.get(String(year))).toMatchObject({ most_released: 'Drama' });
  });
});

describe('the highest rated films', () => {
  it('are known: 8.385 and 8.345', async () => {
    const { rows } = await ask('highest-rated');
    expect(rows.slice(0, 4).map(({ title }) => title)).toEqual([
      'The Shawshank Redemption',
      'The Godfather',
      'Fight Club',
      'Pulp Fiction',
    ]);
    expect(Number(rows[0]!.weighted_rating)).toBeCloseTo(8.385, 3);
    expect(Number(rows[1]!.weighted_rating)).toBeCloseTo(8.345, 3);
    expect(Number(rows[0]!.prior_mean)).toBeCloseTo(7.112, 3);
    expect(Number(rows[0]!.prior_votes)).toBeCloseTo(754.4, 1);
  });

  it('are the fold, every film with votes', async () => {
    const voted = everyFilm.filter(({ average }) => average !== null);
    const c = sum(voted.map(({ average, votes }) => average! * votes)) / sum(voted.map(({ votes }) => votes));
    const m = quantile(
      everyFilm.map(({ votes }) => votes),
      0.9,
    );
    const expected = voted.map(
      ({ tmdbId, votes, average }) =>
        [
          String(tmdbId),
          { weighted_rating: (votes * average! + m * c) / (votes + m), average, n: votes },
        ] as const,
    );
    const { rows } = await ask('highest-rated');
    expectRows(keyed(rows, 'tmdb_id'), new Map(expected));
    expect(rows[0]).toMatchObject({ all_films: 2_995, all_known: voted.length });
  });

  it('keep their first four for m from 321 to 1,383, and a plain mean shows nine films with one vote', async () => {
    const first = async (given: Given) =>
      (await ask('highest-rated', { ...given, top: '4' })).rows.map((row) => row.title);
    expect(await first({ m: '321' })).toEqual(await first({}));
    expect(await first({ m: '1383' })).toEqual(await first({}));
    const { rows } = await ask('highest-rated', {});
    const plain = rows.filter((row) => row.plain_rank === 1);
    expect(plain.map(({ n, average }) => [n, average])).toEqual(Array(9).fill([1, 10]));
  });
});

describe('popular genres', () => {
  const tmdbFilm = (movieId: number) => filmByTmdb.get(tmdbOf.get(movieId) ?? 0);
  const ofTmdb = (movieId: number) => {
    const film = tmdbFilm(movieId);
    return film && !film.hasLentGenres ? film.genres : [0];
  };
  const genresOf = { any: genresOfMovie, tmdb: ofTmdb };
  const fold = (genres: 'any' | 'tmdb', from = '', to = '9') => {
    const own = ratings.filter(({ day }) => day >= from && day <= to);
    const c = mean(own.map(({ stars }) => stars));
    const groups = groupBy(own, ({ movieId }) => genresOf[genres](movieId).map(String));
    return new Map(
      [...groups].map(([id, group]) => {
        const stars = sum(group.map((rating) => rating.stars));
        const fractional = sum(group.map(({ movieId }) => 1 / genresOf[genres](movieId).length));
        const reach = new Set(group.map(({ userId }) => userId)).size;
        const satisfaction = (stars + 25 * c) / (group.length + 25);
        return [
          id,
          {
            reach,
            volume: group.length,
            volume_fractional: fractional,
            satisfaction,
            average: stars / group.length,
          },
        ];
      }),
    );
  };

  it('are the fold for genres of either side, whole and for a year', async () => {
    for (const genres of ['any', 'tmdb'] as const) {
      const { rows } = await ask('popular-genres', { genres });
      expectRows(keyed(rows, 'genre_id'), fold(genres));
      expect(rows[0]).toMatchObject({ all_ratings: 100_836, all_users: 610 });
      const year = await ask('popular-genres', {
        genres,
        from: '2016-01-01',
        to: '2016-12-31',
        by: 'satisfaction',
      });
      expectRows(keyed(year.rows, 'genre_id'), fold(genres, '2016-01-01', '2016-12-31'));
    }
  });

  it('show Drama with 606 users and 23,213 ratings, and as unknown what TMDB does not know or knows without a genre', async () => {
    const rows = keyed((await ask('popular-genres', { genres: 'tmdb' })).rows, 'genre');
    const lent = ratings.filter(({ movieId }) => tmdbFilm(movieId)?.hasLentGenres);
    expect(rows.get('(unknown)')).toMatchObject({ volume: 49_175 + lent.length });
    expect(rows.get('Drama')).toMatchObject({ reach: 606, volume: 23_213 });
    expect(lent.length).toBeGreaterThan(0);
  });
});

describe('the season', () => {
  const fold = (seasonOf: (month: number) => string) => {
    const dated = films.filter(({ date }) => !date.endsWith('-01-01'));
    const years = [...groupBy(dated, ({ year }) => [String(year)]).values()]
      .map((group) => ({ group, revenues: known(group.map(({ revenue }) => revenue)) }))
      .filter(({ revenues }) => revenues.length >= 20);
    const measured = years.flatMap(({ group, revenues }) =>
      group.map((film) => ({ film, index: film.revenue === null ? null : film.revenue / median(revenues) })),
    );
    const groups = groupBy(measured, ({ film }) => [seasonOf(Number(film.date.slice(5, 7)))]);
    return new Map(
      [...groups].map(([season, group]) => {
        const indices = known(group.map(({ index }) => index));
        return [season, { index: upperMedian(indices), films: group.length, known: indices.length }];
      }),
    );
  };
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  it('is the fold by month and by quarter', async () => {
    const months = await ask('seasonality');
    expectRows(
      keyed(months.rows, 'season'),
      fold((month) => MONTHS[month - 1]!),
    );
    expect(months.rows.map(({ season }) => season)).toEqual(MONTHS);
    const quarters = await ask('seasonality', { by: 'quarter' });
    expectRows(
      keyed(quarters.rows, 'season'),
      fold((month) => `Q${Math.ceil(month / 3)}`),
    );
  });

  it('is known', async () => {
    const rows = keyed((await ask('seasonality')).rows, 'season');
    const index = Object.fromEntries(
      [...rows].map(([season, row]) => [season, Number(row.index).toFixed(2)]),
    );
    const published = {
      Jun: '3.20',
      Nov: '2.06',
      Dec: '1.76',
      Jul: '1.69',
      May: '1.07',
      Oct: '0.51',
      Jan: '0.25',
    };
    expect(index).toMatchObject(published);
  });
});

describe('the highest-earning genres', () => {
  const tickets = prices('CUSR0000SS62031');
  const items = prices('CPIAUCSL');
  const at = (series: typeof tickets, month: string) => series.findLast((one) => one.month <= month)?.value;
  const spliced = (month: string) => {
    const chain = tickets[0]!.value / at(items, tickets[0]!.month)!;
    const then = at(items, month);
    return month >= tickets[0]!.month ? at(tickets, month) : then && then * chain;
  };
  const fold = (priceOf: (month: string) => number | undefined, base: string) => {
    const real = films.map((film) => {
      const price = priceOf(film.date.slice(0, 7));
      return { film, real: film.revenue === null || !price ? null : (film.revenue * priceOf(base)!) / price };
    });
    return new Map(
      [...groupBy(real, ({ film }) => film.genres.map(String))].map(([id, group]) => {
        const figures = group.map((one) => one.real);
        const row = {
          real_revenue_full: sumOrNull(figures),
          real_revenue_fractional: shared(
            figures,
            group.map(({ film }) => film.genres.length),
          ),
          real_revenue_median: known(figures).length === 0 ? null : median(known(figures)),
          films: group.length,
          known: known(figures).length,
        };
        return [id, row] as const;
      }),
    );
  };
  const withKnown = <Row extends { known: number }>(rows: Map<string, Row>) =>
    new Map([...rows].filter(([, row]) => row.known > 0));

  it('are the fold, strict and spliced, in dollars of any month', async () => {
    for (const base of ['2017-01', '2005-07']) {
      const strict = await ask('highest-earning-genres', { series: 'strict', base_month: base, min_n: '1' });
      expectRows(keyed(strict.rows, 'genre_id'), withKnown(fold((month) => at(tickets, month), base)));
      const both = await ask('highest-earning-genres', { base_month: base, min_n: '1' });
      expectRows(keyed(both.rows, 'genre_id'), withKnown(fold(spliced, base)));
      expect(both.title).toContain(`dollars of ${base}`);
    }
    const later = await ask('highest-earning-genres', { base_month: '2199-01' });
    expect(later.title).toContain('dollars of 2022-04');
    expect(later.columns[1]!.unit).toBe('US$ of 2022-04');
  });

  it('print what they cover: 106 of 1,412 films with revenue, 9.4 % of it, when strict', async () => {
    const strict = await totalsOf('highest-earning-genres', { series: 'strict', min_n: '1' });
    expect(strict).toMatchObject({
      all_films: 2_993,
      all_with_revenue: 1_412,
      all_known: 106,
      prices_until: '2022-04',
    });
    expect(Number(strict.revenue_share)).toBeCloseTo(9.4, 1);
    expect(await totalsOf('highest-earning-genres')).toMatchObject({ all_known: 1_369 });
  });
});

describe('metric', () => {
  const KEYS: Readonly<Record<string, (film: FoldFilm) => readonly string[]>> = {
    none: () => [''],
    genre: ({ genres }) => genres.map(String),
    company: ({ companies }) => companies.map(String),
    country: ({ countries }) => countries,
    language: ({ languages }) => [...new Set(languages)],
    collection: ({ collection }) => [String(collection)],
    status: ({ status }) => [status],
    year: ({ year }) => [String(year)],
  };
  const FIGURES: Readonly<Record<string, (film: FoldFilm) => number | null>> = {
    budget: ({ budget }) => budget,
    revenue: ({ revenue }) => revenue,
    profit: ({ profit }) => profit,
    popularity: ({ popularity }) => popularity,
    runtime: ({ runtime }) => runtime,
    vote_average: ({ average }) => average,
    films: () => 1,
  };
  const fold = (metric: string, by: string, and: string, stat: string) => {
    const keysOf = (film: FoldFilm) =>
      KEYS[by]!(film).flatMap((one) => KEYS[and]!(film).map((other) => `${one} ${other}`));
    return new Map(
      [...groupBy(films, keysOf)].flatMap(([key, group]) => {
        const measured = group.flatMap((film) => {
          const figure = FIGURES[metric]!(film);
          return figure === null ? [] : [{ figure, share: 1 / keysOf(film).length }];
        });
        if (measured.length === 0) return [];
        const figures = measured.map(({ figure }) => figure);
        const weighted = sum(measured.map(({ figure, share }) => figure * share));
        const value_full = stat === 'sum' ? sum(figures) : stat === 'mean' ? mean(figures) : median(figures);
        const weights = stat === 'mean' ? sum(measured.map(({ share }) => share)) : 1;
        const value_fractional = stat === 'median' ? null : weighted / weights;
        return [[key, { value_full, value_fractional, films: group.length, known: figures.length }] as const];
      }),
    );
  };

  it.each([
    ...Object.keys(FIGURES).map((metric) => [metric, 'genre', 'none', 'sum'] as const),
    ...Object.keys(KEYS)
      .filter((by) => by !== 'none')
      .map((by) => ['revenue', by, 'none', 'median'] as const),
    ['profit', 'company', 'year', 'sum'],
    ['runtime', 'country', 'genre', 'mean'],
    ['vote_average', 'language', 'status', 'mean'],
    ['popularity', 'collection', 'company', 'median'],
  ] as const)('%s by %s and %s, %s', async (metric, by, and, stat) => {
    const { rows } = await ask('metric', { metric, by, and, stat });
    expectRows(keyed(rows, 'group_key', 'also_key'), fold(metric, by, and, stat));
  });

  it('counts revenue 2.88 times over genres, 2.32 times over companies, once with shares', async () => {
    for (const [by, times] of [
      ['genre', 2.88],
      ['company', 2.32],
    ] as const) {
      const { rows } = await ask('metric', { by });
      const all = Number(rows[0]!.all_value);
      expect(sum(rows.map((row) => Number(row.value_full))) / all).toBeCloseTo(times, 2);
      expect(sum(rows.map((row) => Number(row.value_fractional))) / all).toBeCloseTo(1, 9);
    }
  });

  it('puts Action second at full credit, and third behind Comedy when films are shared', async () => {
    const first = async (credit: string) =>
      (await ask('metric', { credit, top: '3' })).rows.map(({ group }) => group);
    expect(await first('full')).toEqual(['Drama', 'Action', 'Adventure']);
    expect(await first('fractional')).toEqual(['Drama', 'Comedy', 'Action']);
  });
});

describe('what the sample does not hold', () => {
  const film = (tmdbId: number, date: string, revenue: number | null, genre: number) => ({
    version: 1,
    movie_id: tmdbId,
    tmdb_id: tmdbId,
    facts_from: 'tmdb',
    title: `Film ${tmdbId}`,
    release_date: date,
    release_year: Number(date.slice(0, 4)),
    budget: null,
    revenue,
    popularity: 5,
    vote_average: 7,
    vote_count: 10,
    genre_ids: [genre],
    company_ids: [0],
  });
  let small: ClickHouse;
  beforeAll(async () => {
    small = connectClickHouse({ url: server.url, database: 'small_catalogue' });
    await migrate(small, migrations);
    await small.insertRows('catalog_movies', [
      film(1, '1999-03-10', 100_000_000, 18),
      film(2, '1998-12-31', 100_000_000, 28),
      film(3, '1948-02-20', 100_000_000, 35),
      film(4, '1999-01-05', null, 35),
    ]);
    const cpi = (series: string, month: string, value: number) => ({ version: 1, series, month, value });
    await small.insertRows('catalog_cpi', [
      cpi('CUSR0000SS62031', '1999-01-01', 100),
      // no February and no March: a film of March is worth January's money
      cpi('CUSR0000SS62031', '1999-04-01', 200),
      cpi('CPIAUCSL', '1948-03-01', 10),
      // no December 1998: the last one known is November
      cpi('CPIAUCSL', '1998-11-01', 40),
      cpi('CPIAUCSL', '1999-01-01', 80),
    ]);
    const genre = (genre_id: number, name: string) => ({ version: 1, genre_id, name });
    await small.insertRows('catalog_genres', [genre(18, 'Drama'), genre(28, 'Action'), genre(35, 'Comedy')]);
    await small.insertRows('catalog_versions', [{ version: 1 }]);
  });
  afterAll(() => small?.close());

  it('prices of a missing month are the last ones known, and before the first there are none', async () => {
    const { rows } = await answer(small, 'highest-earning-genres', { base_month: '2001-06', min_n: '1' });
    const real = Object.fromEntries(rows.map((row) => [row.genre_id, row.real_revenue_full]));
    // 40 of all items are 50 in units of tickets, and the base is April 1999
    expect(real).toEqual({ 18: 200_000_000, 28: 400_000_000 });
    expect(rows[0]).toMatchObject({ all_films: 4, all_with_revenue: 3, all_known: 2 });
    const strict = await answer(small, 'highest-earning-genres', { series: 'strict', min_n: '1' });
    expect(strict.rows.map((row) => row.genre_id)).toEqual([18]);
  });

  it('equals are put in order by films and then by name, the same every time', async () => {
    const { rows } = await answer(small, 'most-popular-genre-by-year', { min_n: '1', share: '0' });
    expect(rows.map(({ year, genre }) => [year, genre])).toEqual([
      [1999, 'Comedy'],
      [1998, 'Action'],
      [1948, 'Comedy'],
    ]);
    const films = (await answer(small, 'highest-rated')).rows;
    expect(films.map(({ title }) => title)).toEqual(['Film 1', 'Film 2', 'Film 3', 'Film 4']);
  });
});

askAsAPerson(() => ({ url: server.url, database: DATABASE }));
