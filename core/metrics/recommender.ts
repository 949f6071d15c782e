import { FAST_SECONDS, type MetricSpec } from './spec.ts';

const MODEL = { model: null } as const;

/** The learner. A root mean squared error is two counters: that of any window is one division, and no window is averaged. */
export const RECOMMENDER_METRICS = {
  reco_predictions_scored_total: {
    type: 'counter',
    unit: 'events',
    help: 'Ratings that were predicted before they were learned',
    labels: MODEL,
  },
  reco_squared_error_total: {
    type: 'counter',
    unit: '1',
    help: 'Sum of squared errors of these predictions, in stars; only finite ones',
    labels: MODEL,
  },
  reco_squared_error_without_drift_total: {
    type: 'counter',
    unit: '1',
    help: "The same without the user's mood: what the drift term is worth",
    labels: MODEL,
  },
  reco_naive_squared_error_total: {
    type: 'counter',
    unit: '1',
    help: 'The same for a predictor that always says the mean so far: the yardstick',
    labels: MODEL,
  },
  reco_hits_scored_total: {
    type: 'counter',
    unit: 'events',
    help: 'First ratings, one offset in a hundred, for which the top 20 of the moment before was looked at',
    labels: MODEL,
  },
  reco_hits_total: {
    type: 'counter',
    unit: 'events',
    help: 'Of these, how often the film was in the list',
    labels: MODEL,
  },
  reco_popularity_hits_total: {
    type: 'counter',
    unit: 'events',
    help: 'Of these, how often it was among the 20 most popular that the user had not seen: the yardstick',
    labels: MODEL,
  },
  reco_replay_rounds_total: {
    type: 'counter',
    unit: 'times',
    help: 'Rounds of replay while nothing waited to be learned',
    labels: MODEL,
  },
  reco_nonfinite_total: {
    type: 'counter',
    unit: 'events',
    help: 'Predictions or updates that were not a finite number and were refused',
    labels: MODEL,
  },
  reco_model_updates_total: {
    type: 'counter',
    unit: 'events',
    help: 'Events that changed the model',
    labels: MODEL,
  },
  reco_known_entities: {
    type: 'gauge',
    unit: '1',
    help: 'Users and films that the model has seen',
    labels: { ...MODEL, kind: ['user', 'movie'] },
  },
  reco_snapshot_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'When the newest complete snapshot was made; start of the process until there is one',
    labels: MODEL,
    absentUntilKnown: true,
  },
  reco_snapshot_interval_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Configured time between snapshots',
    labels: MODEL,
    absentUntilKnown: true,
  },
  reco_snapshot_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of the newest snapshot',
    labels: MODEL,
  },
} as const satisfies Record<string, MetricSpec>;

/** The REST surface. Routes are templates, never paths: a label must stay bounded. */
export const API_METRICS = {
  api_requests_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Requests answered, by route template',
    labels: { route: null, method: null, code: null },
  },
  api_request_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Request read to answer sent',
    labels: { route: null, method: null },
    buckets: FAST_SECONDS,
  },
  api_recommendations_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Lists served, by where they came from',
    labels: { source: ['personal', 'cold', 'empty'] },
  },
  api_model_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'Kafka time of the newest event in the model that answers',
    labels: MODEL,
    absentUntilKnown: true,
  },
} as const satisfies Record<string, MetricSpec>;
