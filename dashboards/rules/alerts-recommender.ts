import type { Windows } from './profile.ts';
import type { RuleGroup } from './rule.ts';

const RMSE = 'model:reelstream_reco_rmse';
const SNAPSHOT = 'max by (model) (reelstream_reco_snapshot_timestamp_seconds)';
const THREE_INTERVALS = 'on (model) 3 * max by (model) (reelstream_reco_snapshot_interval_seconds)';

/** Does the model learn, and do users get what it learned. */
export function recommenderAlerts({ d }: Windows): RuleGroup {
  const byModel = (metric: string, window: string) =>
    `sum by (model) (increase(reelstream_reco_${metric}_total[${window}]))`;
  const enoughScored = `and on (model) ${byModel('predictions_scored', d('30m'))} >= 500`;
  const itLearns = `and on (model) ${byModel('model_updates', d('15m'))} > 0`;
  return {
    name: 'reelstream_recommender_alerts',
    rules: [
      {
        alert: 'RecommenderRmseDrift',
        severity: 'ticket',
        condition: `${RMSE}:30m > 1.2 * ${RMSE}:baseline6h`,
        guards: { 'enough predictions': enoughScored },
        for: d('15m'),
        summary:
          '{{ $labels.model }}: RMSE of {{ $value | humanize }} stars, a fifth above its own last hours',
        dashboard: 'reelstream-recommender',
      },
      {
        alert: 'RecommenderWorseThanNaive',
        severity: 'ticket',
        condition: `${RMSE}:30m > model:reelstream_reco_naive_rmse:30m`,
        guards: {
          'enough predictions': enoughScored,
          'past its cold start':
            'and on (model) sum by (model) (reelstream_reco_predictions_scored_total) >= 100000',
        },
        for: d('30m'),
        summary: '{{ $labels.model }} predicts worse than the plain mean does',
        dashboard: 'reelstream-recommender',
      },
      {
        alert: 'RecommenderNonFinite',
        severity: 'page',
        condition: `${byModel('nonfinite', d('10m'))} > 0 or ${RMSE}:30m != ${RMSE}:30m`,
        summary: '{{ $labels.model }} made a number that is not finite: it has diverged',
        dashboard: 'reelstream-recommender',
      },
      {
        alert: 'RecommenderSnapshotStale',
        severity: 'ticket',
        condition: `time() - ${SNAPSHOT} > ${THREE_INTERVALS}`,
        guards: { 'there is something to save': itLearns },
        for: d('2m'),
        summary:
          '{{ $labels.model }} learns, but its last snapshot is {{ $value | humanizeDuration }} old: a restart has to read that much again',
        dashboard: 'reelstream-recommender',
      },
      {
        alert: 'ApiServesOldModel',
        severity: 'ticket',
        condition: `${SNAPSHOT} - on (model) min by (model) (reelstream_api_model_timestamp_seconds) > ${THREE_INTERVALS}`,
        guards: { 'there is something to learn': itLearns },
        for: d('2m'),
        summary:
          'The API answers from a {{ $labels.model }} that is {{ $value | humanizeDuration }} older than the newest snapshot',
        dashboard: 'reelstream-recommender',
      },
    ],
  };
}
