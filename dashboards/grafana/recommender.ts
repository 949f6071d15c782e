import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame, row } from './frame.ts';
import { said, timeseries } from './panels.ts';

const NO_MODEL = 'no recommender runs';
const rate = (metric: string, by: string) =>
  `sum by (${by}) (rate(reelstream_${metric}_total[$__rate_interval]))`;
const share = (hits: string) => `${rate(hits, 'model')} / ${rate('reco_hits_scored', 'model')}`;
const meanError = (errors: string) =>
  `${rate(errors, 'model')} / ${rate('reco_predictions_scored', 'model')}`;
const latency = (q: number) =>
  `histogram_quantile(${q}, sum by (le) (rate(reelstream_api_request_duration_seconds_bucket[$__rate_interval])))`;
const BUDGET = 0.005;

export function recommender(): DashboardBuilder {
  return frame(
    'reelstream-recommender',
    'Recommender and API',
    'Does the model learn, and do users get what it learned?',
  )
    .withRow(row('Model'))
    .withPanel(
      timeseries(
        said(
          'Error before learning',
          'RMSE in stars over half an hour, of the model, of the plain mean, and the line where drift is told. The model belongs below the mean.',
          'none',
          {
            noValue: NO_MODEL,
          },
        ),
        [
          ['model:reelstream_reco_rmse:30m', 'model {{model}}'],
          ['model:reelstream_reco_naive_rmse:30m', 'plain mean'],
          ['1.2 * model:reelstream_reco_rmse:baseline6h', 'drift line'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said('What it learns', 'Predictions scored and updates made per second.', 'cps', {
          noValue: NO_MODEL,
        }),
        [
          [rate('reco_predictions_scored', 'model'), 'scored {{model}}'],
          [rate('reco_model_updates', 'model'), 'updates {{model}}'],
          [rate('reco_nonfinite', 'model'), 'refused, not finite {{model}}'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said('Age of snapshot and model', 'Saw teeth that stay below three intervals.', 's', {
          noValue: NO_MODEL,
        }),
        [
          ['time() - reelstream_reco_snapshot_timestamp_seconds', 'snapshot {{model}}'],
          ['time() - reelstream_api_model_timestamp_seconds', 'answering model {{model}}'],
          ['3 * reelstream_reco_snapshot_interval_seconds', 'alert line'],
        ],
      ),
    )
    .withPanel(
      timeseries(said('Known to it', 'Users and films it has seen.', 'short', { noValue: NO_MODEL }), [
        ['max by (model, kind) (reelstream_reco_known_entities)', '{{kind}} {{model}}'],
      ]),
    )
    .withPanel(
      timeseries(
        said(
          'Hits',
          'Of first ratings, one in a hundred looked at: how often the film stood in the top 20 of the moment before. The 20 most popular are the yardstick.',
          'percentunit',
          { noValue: NO_MODEL },
        ),
        [
          [share('reco_hits'), 'model {{model}}'],
          [share('reco_popularity_hits'), 'popular films'],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said(
          'What the mood is worth',
          "Mean squared error with and without the user's mood: the drift term is worth the distance, while it is the lower line.",
          'none',
          { noValue: NO_MODEL },
        ),
        [
          [meanError('reco_squared_error'), 'with {{model}}'],
          [meanError('reco_squared_error_without_drift'), 'without {{model}}'],
        ],
      ),
    )
    .withRow(row('API'))
    .withPanel(
      timeseries(
        said('Requests by status', 'By route; 5xx spends the error budget.', 'reqps', {
          noValue: 'nobody asks',
        }),
        [[rate('api_requests', 'route, code'), '{{code}} {{route}}']],
      ),
    )
    .withPanel(
      timeseries(said('Time to answer', 'Over all routes.', 's', { noValue: 'nobody asks' }), [
        [latency(0.5), 'p50'],
        [latency(0.99), 'p99'],
      ]),
    )
    .withPanel(
      timeseries(
        said('Answered by', 'The personal model, or the list for people it does not know.', 'percentunit', {
          noValue: 'nobody asks',
        }),
        [
          [
            `${rate('api_recommendations', 'source')} / ignoring (source) group_left () sum(rate(reelstream_api_recommendations_total[$__rate_interval]))`,
            '{{source}}',
          ],
        ],
      ),
    )
    .withPanel(
      timeseries(
        said('Error budget', '1 spends exactly what 99.5 % allows; 6 is a ticket, 14.4 a page.', 'none', {
          noValue: 'nobody asks',
        }),
        [
          [`slo:reelstream_api_errors:ratio_rate5m / ${BUDGET}`, '5 minutes'],
          [`slo:reelstream_api_errors:ratio_rate1h / ${BUDGET}`, 'an hour'],
        ],
        [
          [null, 'green'],
          [6, 'orange'],
          [14.4, 'red'],
        ],
      ),
    );
}
