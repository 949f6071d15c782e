import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { clickhouseVariable, frame, row } from './frame.ts';
import { said, sqlTimeseries } from './panels.ts';
import type { Questions } from './question-sql.ts';
import { questionPanels } from './questions.ts';

const QUIET = 'no ratings in this time';

const RATINGS_PER_HOUR = `SELECT hour AS time, company, n AS ratings
FROM company_ratings_by_hour
WHERE $__timeFilter(hour)
  AND company_id IN
  (
      SELECT company_id
      FROM company_ratings_by_hour
      WHERE $__timeFilter(hour) AND company_id > 0
      GROUP BY company_id
      ORDER BY sum(n) DESC
      LIMIT 8
  )
ORDER BY time`;

export function companies(questions: Questions): DashboardBuilder {
  const ask = questionPanels(questions);
  return frame(
    'reelstream-companies',
    'Companies and films',
    "Whose films are rated now, and what do companies' films earn?",
  )
    .withVariable(clickhouseVariable())
    .time({ from: 'now-24h', to: 'now' })
    .withRow(row('Now'))
    .withPanel(
      sqlTimeseries(
        said('Ratings per hour', 'The eight companies whose films are rated most in this time.', 'short', {
          noValue: QUIET,
        }),
        RATINGS_PER_HOUR,
      ),
    )
    .withPanel(
      ask.bars(
        {
          title: 'Ratings of the last hour',
          question: 'company-now',
          unit: 'short',
          noValue: QUIET,
          height: 8,
        },
        'company',
        'n',
        'n DESC',
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Trending films',
          question: 'trending',
          given: { by: 'movie' },
          unit: 'short',
          noValue: 'no trend beyond chance',
        },
        'name, n, n_before, growth, growth_low, users, average',
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Trending companies',
          question: 'trending',
          given: { by: 'company' },
          unit: 'short',
          noValue: 'no trend beyond chance',
        },
        'name, n, n_before, growth, growth_low, users, average',
      ),
    )
    .withRow(row('What the catalogue says'))
    .withPanel(
      ask.bars(
        {
          title: 'Revenue of a company and year',
          question: 'company-year',
          given: { credit: 'fractional', top: '15' },
          unit: 'currencyUSD',
        },
        "concat(company, ' ', toString(year))",
        'revenue_fractional',
        'revenue_fractional DESC',
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Budget, revenue, profit and popularity',
          question: 'company-year',
          given: { credit: 'fractional', top: '100' },
          unit: 'short',
        },
        'year, company, films, known, budget_fractional, revenue_fractional, profit_fractional, popularity_median',
      ),
    )
    .withPanel(
      ask.table(
        {
          title: 'Releases by genre, year and company',
          question: 'releases-by-genre-year-company',
          unit: 'short',
          width: 24,
        },
        'year, genre, company, films_full, films_fractional, year_films',
      ),
    );
}
