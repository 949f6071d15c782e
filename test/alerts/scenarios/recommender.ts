import { noiseOf } from '../noise.ts';
import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

const noise = noiseOf('predictions');
const everyFive = (t: number) => Math.floor(t / 5) * 5;
const stopsAt = (minute: number) => (t: number) => everyFive(Math.min(t, minute));

/** The model and what is served of it. */
export const recommender = [
  scenario(
    'RMSE from 0.90 to 1.20, and the mean does no better: the data changed',
    300,
    { rmse: from(180, 1.2, 0.9), naive: from(180, 1.3, 1) },
    { RecommenderRmseDrift: { notBefore: 210, by: 230 } },
  ),
  scenario(
    'RMSE from 0.90 to 1.20 for six hours',
    410,
    { rmse: from(180, 1.2, 0.9), naive: always(1.3) },
    { RecommenderRmseDrift: { by: 230, still: [265, 400] } },
  ),
  scenario('the first hour of a model says nothing of its drift', 105, {
    rmse: (t) => (t < 30 ? 0.8 : 1.2),
    naive: always(1.5),
  }),
  scenario('RMSE 15 % up', 300, { rmse: from(180, 1.03, 0.9), naive: always(1.3) }),
  scenario('five bad minutes', 300, { rmse: (t) => (t >= 180 && t < 185 ? 1.3 : 0.9), naive: always(2) }),
  scenario(
    'worse than the plain mean',
    300,
    { rmse: from(180, 1.05, 0.9) },
    { RecommenderWorseThanNaive: { notBefore: 228, by: 270 } },
  ),
  scenario('worse than the plain mean for 22 minutes', 300, {
    rmse: (t) => (t >= 180 && t < 202 ? 1.05 : 0.9),
  }),
  scenario('a cold start: RMSE from 1.5 down to 0.9 within half an hour', 240, {
    scored: always(20),
    rmse: (t) => Math.max(0.9, 1.5 - 0.02 * t),
  }),
  scenario('few predictions, wild ones', 420, {
    scored: always(0.02),
    updates: always(100),
    rmse: (t) => (t > 240 && t % 40 === 0 ? 6 : 0.3 + 0.1 * noise.unit(t)),
  }),
  scenario('after a hundred thousand predictions a quiet night with bad ones', 600, {
    scored: (t) => (t < 60 ? 100 : 0.1),
    rmse: (t) => (t < 60 ? 0.9 : 1.05),
  }),
  scenario(
    'an update that was not finite was refused',
    120,
    { nonFinite: from(60, 1, 0) },
    { RecommenderNonFinite: { by: 62, gone: 75 } },
  ),
  scenario(
    'NaN got into the counter of errors: it stays there',
    120,
    { errorsBecomeNaNAt: 60 },
    { RecommenderNonFinite: { by: 63, still: [110] } },
  ),
  scenario(
    'snapshots stop while the model learns',
    120,
    { snapshot: stopsAt(60) },
    { RecommenderSnapshotStale: { notBefore: 76, by: 80 } },
  ),
  scenario('a snapshot comes 17 minutes late', 120, {
    snapshot: (t) => (t < 60 || t >= 77 ? everyFive(t) : 60),
  }),
  scenario('no events, no new snapshot', 120, { updates: from(60, 0, 100), snapshot: stopsAt(60) }),
  scenario(
    'the API stays with an old model',
    120,
    { served: (t) => Math.min(t, 60) },
    { ApiServesOldModel: { notBefore: 80, by: 84 } },
  ),
  scenario('the API stays behind for 20 minutes', 120, {
    served: (t) => (t >= 60 && t < 81 ? 60 : t),
  }),
  scenario('nobody rates at night: the model gets old and learns nothing', 180, {
    updates: from(60, 0, 100),
    served: (t) => Math.min(t, 60),
  }),
];
