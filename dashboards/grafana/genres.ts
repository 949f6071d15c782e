import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { clickhouseVariable, frame, row } from './frame.ts';
import { said, sqlTimeseries } from './panels.ts';
import type { Questions } from './question-sql.ts';
import { questionPanels } from './questions.ts';

const QUIET = 'no ratings in this time';

const RATINGS_PER_MINUTE = `SELECT minute AS time, genre, n AS ratings
FROM genre_ratings_by_minute
WHERE $__timeFilter(minute)
  AND genre_id IN
  (
      SELECT genre_id
      FROM genre_ratings_by_minute
      WHERE $__timeFilter(minute)
      GROUP BY genre_id
      ORDER BY sum(n) DESC
      LIMIT 8
  )
ORDER BY time`;

const AVERAGE_PER_MINUTE = `SELECT minute AS time, genre, average_rating AS average
FROM genre_ratings_by_minute
WHERE $__timeFilter(minute) AND n >= 20
ORDER BY time`;

export function genres(questions: Questions): DashboardBuilder {
  const ask = questionPanels(questions);
  return frame(
    'reelstream-genres',
    'Genres',
    'What do people rate now, and what do genres earn, release and please?',
  )
    .withVariable(clickhouseVariable())
    .withRow(row('Now'))
    .withPanel(
      sqlTimeseries(
        said(
          'Ratings per minute',
          'The eight genres that are rated most in this time. A film counts whole in each of its genres.',
          'short',
          { noValue: QUIET },
        ),
        RATINGS_PER_MINUTE,
      ),
    )
    .withPanel(
      sqlTimeseries(
        said('Average rating per minute', 'In stars, where at least twenty ratings came.', 'none', {
          noValue: QUIET,
        }),
        AVERAGE_PER_MINUTE,
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Trending',
          question: 'trending',
          given: { by: 'genre', window: '15m', direction: 'both' },
          unit: 'short',
          noValue: 'no trend beyond chance',
        },
        'name, n, n_before, growth, growth_low, growth_high',
      ),
    )
    .withPanel(
      ask.bars(
        {
          title: 'Ratings of the last quarter of an hour',
          question: 'genre-now',
          unit: 'short',
          noValue: QUIET,
        },
        'genre',
        'n',
        'n DESC',
      ),
    )
    .withRow(row('What people say'))
    .withPanel(
      ask.bars(
        {
          title: 'Satisfaction',
          question: 'popular-genres',
          given: { by: 'satisfaction' },
          unit: 'none',
          noValue: QUIET,
        },
        'genre',
        'satisfaction',
        'satisfaction DESC',
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Highest rated, by the ratings that came in',
          question: 'highest-rated-live',
          unit: 'none',
          noValue: 'no film has fifty ratings yet',
        },
        'title, year, weighted_rating, average, n, plain_rank',
      ),
    )
    .withRow(row('What the catalogue says'))
    .withPanel(
      ask.stacks(
        {
          title: 'Revenue by genre by year',
          question: 'revenue-by-genre-by-year',
          given: { from: '1980', credit: 'fractional' },
          unit: 'currencyUSD',
          width: 24,
        },
        'year',
        'genre',
        'revenue_fractional',
      ),
    )
    .withPanel(
      ask.bars(
        { title: 'Highest earning genres', question: 'highest-earning-genres', unit: 'currencyUSD' },
        'genre',
        'real_revenue_fractional',
        'real_revenue_fractional DESC',
      ),
    )
    .withPanel(
      ask.bars({ title: 'Season', question: 'seasonality', unit: 'none' }, 'season', 'index', 'number', true),
    )
    .withPanel(
      ask.table(
        { title: 'Most popular genre by year', question: 'most-popular-genre-by-year', unit: 'none' },
        'year, genre, popularity_mean, n, films, known, most_released',
      ),
    )
    .withPanel(
      ask.table(
        { title: 'Highest rated, by the votes of the catalogue', question: 'highest-rated', unit: 'none' },
        'title, year, weighted_rating, average, n, plain_rank',
      ),
    );
}
