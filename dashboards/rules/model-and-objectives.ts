import type { Span, Windows } from './profile.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';

export function model({ d }: Windows): RuleGroup {
  const increase = (metric: string) =>
    `sum by (model) (increase(reelstream_reco_${metric}_total[${d('30m')}]))`;
  const rmse = (name: string, errors: string): RecordingRule => ({
    record: `model:reelstream_${name}:30m`,
    condition: `sqrt(${increase(errors)} / (${increase('predictions_scored')} > 0))`,
    why: 'exact for its window, being made of two counters',
  });
  const trained = 'model:reelstream_reco_rmse:30m';
  return {
    name: 'reelstream_model',
    rules: [
      rmse('reco_rmse', 'squared_error'),
      rmse('reco_naive_rmse', 'naive_squared_error'),
      {
        record: 'model:reelstream_reco_rmse:baseline6h',
        condition: `quantile_over_time(0.5, ${trained}[${d('6h')}] offset ${d('1h')})`,
        guards: {
          'an hour of history': `and count_over_time(${trained}[${d('6h')}:${d('10m')}] offset ${d('1h')}) >= 6`,
        },
        why: "the model's own past",
      },
    ],
  };
}

/** Shares that objectives are set on. */
export function objectives({ d, profile }: Windows): RuleGroup {
  const apiErrors = (window: Span): RecordingRule => ({
    record: `slo:reelstream_api_errors:ratio_rate${window}`,
    condition: `
      (sum(rate(reelstream_api_requests_total{code=~"5.."}[${d(window)}])) or vector(0))
      / (sum(rate(reelstream_api_requests_total[${d(window)}])) > 0)`,
    why: 'failed calls; missing without calls',
  });
  const late = (window: Span): RecordingRule => {
    const delay = (suffix: string) =>
      `sum by (topic, group) (rate(reelstream_consumer_event_delay_seconds_${suffix}[${d(window)}]))`;
    return {
      record: `slo:reelstream_freshness_late:ratio_rate${window}`,
      condition: `1 - ${delay(`bucket{le="${profile.freshnessSeconds}"}`)} / (${delay('count')} > 0)`,
      why: `events that took longer than ${profile.freshnessSeconds} s from Kafka to durable`,
    };
  };
  return {
    name: 'reelstream_objectives',
    rules: [apiErrors('5m'), apiErrors('30m'), apiErrors('1h'), apiErrors('6h'), late('5m'), late('1h')],
  };
}
