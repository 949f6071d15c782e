import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

const catchUp = (minutes: number) => (t: number) => (t < 60 || t >= 60 + minutes ? 100 : 233);

/** Backlogs that matter, and those that do not. */
export const lag = [
  scenario(
    'the sink is 20 % too slow: its backlog grows',
    150,
    { sink: { consumed: always(80), lag: (t) => 600 * t } },
    { ConsumerLagNotDraining: { by: 40, count: 1 } },
  ),
  scenario('the backlog grows for a quarter of an hour and goes', 150, {
    sink: { lag: (t) => (t < 60 || t >= 74 ? 20 : 10_000 + 500 * (t - 60)) },
  }),
  scenario('saw teeth of three minutes', 150, { sink: { lag: (t) => (t % 3) * 2_500 } }),
  scenario('saw teeth of nine minutes', 150, { sink: { lag: (t) => (t % 9) * 2_500 } }),
  scenario('catching up for 15 minutes after a restart', 150, {
    sink: {
      lag: (t) => (t >= 60 && t < 75 ? 60_000 - 4_000 * (t - 60) : 20),
      consumed: catchUp(15),
    },
  }),
  scenario('catching up for 25 minutes', 150, {
    sink: { lag: (t) => (t < 60 ? 20 : Math.max(20, 100_000 - 4_000 * (t - 60))), consumed: catchUp(25) },
  }),
  scenario('catching up with nine minutes of pause in the middle', 150, {
    sink: {
      lag: (t) =>
        t < 60
          ? 20
          : t < 75
            ? 100_000 - 4_000 * (t - 60)
            : t < 84
              ? 40_000
              : Math.max(20, 40_000 - 4_000 * (t - 84)),
      consumed: catchUp(34),
    },
  }),
  scenario(
    'two hours of catching up, and back to what the source sends',
    260,
    {
      sink: {
        lag: (t) => (t < 60 ? 20 : Math.max(20, 2_160_000 - 18_000 * (t - 60))),
        consumed: (t) => (t < 60 || t >= 180 ? 100 : 400),
      },
    },
    { ConsumerLagNotDraining: { notBefore: 60, by: 100, gone: 180 } },
  ),
  scenario(
    'after a stall the alert goes as soon as the backlog shrinks',
    150,
    {
      sink: {
        consumed: (t) => (t < 60 ? 100 : t < 90 ? 0 : t < 100 ? 400 : 100),
        lag: (t) => (t < 60 ? 20 : t < 90 ? 20 + 3_000 * (t - 60) : Math.max(20, 90_000 - 9_000 * (t - 90))),
        position: (t) => (t < 60 ? 50 : t < 90 ? 0 : t < 100 ? 200 : 50),
      },
    },
    {
      PipelineStalled: { by: 68, gone: 93 },
      ConsumerLagNotDraining: { by: 80, gone: 95 },
      ConsumerPartitionStuck: { by: 80, gone: 93 },
    },
  ),
  scenario(
    'it shrinks, and would need hours',
    150,
    { sink: { lag: (t) => (t < 60 ? 20 : 400_000 - 600 * (t - 60)) } },
    { ConsumerLagNotDraining: { by: 90, count: 1 } },
  ),
  scenario('10,000 events all the time at 5,000/s: two seconds of work', 150, {
    rate: always(5_000),
    target: always(5_000),
    scored: always(100),
    sink: { lag: always(5_000) },
    recommender: { lag: always(5_000) },
  }),
  scenario('a growing backlog of a group that was stopped on purpose', 150, {
    sink: { consumed: always(80), lag: (t) => 600 * t, expected: always(0) },
  }),
  scenario(
    'one partition stuck behind a record, with little lag in all',
    150,
    {
      sink: {
        lag: (t, partition) => (partition === 1 && t >= 60 ? Math.min(400, 5 * (t - 60) + 1) : 5),
        position: (t, partition) => (partition === 1 && t >= 60 ? 0 : 50),
      },
    },
    { ConsumerPartitionStuck: { notBefore: 70, by: 80, count: 1 } },
  ),
  scenario(
    'one partition stuck under full traffic: its backlog is the whole backlog',
    150,
    {
      sink: {
        lag: (t, partition) => (partition === 1 && t >= 60 ? 3_000 * (t - 60) + 1 : 5),
        position: (t, partition) => (partition === 1 && t >= 60 ? 0 : 50),
      },
      canaryAge: (t, partition) => (partition === 1 ? Math.max(0, t - 60) : 0),
    },
    {
      ConsumerPartitionStuck: { notBefore: 70, by: 76, count: 1 },
      ConsumerLagNotDraining: { by: 80, count: 1 },
      CanaryLate: { notBefore: 75, by: 80, count: 1 },
    },
  ),
  scenario('one partition waits for twelve minutes', 150, {
    sink: {
      lag: (t, partition) => (partition === 1 && t >= 60 && t < 72 ? 9 : 0),
      position: (t, partition) => (partition === 1 && t >= 60 && t < 72 ? 0 : 50),
    },
  }),
  scenario('a partition without traffic: nothing read, nothing waiting', 150, {
    sink: {
      lag: (_, partition) => (partition === 1 ? 0 : 5),
      position: (_, partition) => (partition ? 0 : 50),
    },
  }),
  scenario('a stuck partition of a group that was stopped on purpose', 150, {
    sink: { lag: from(60, 400, 5), position: (t) => (t >= 60 ? 0 : 50), expected: always(0) },
  }),
  scenario('lag on every reading while the position moves', 150, { sink: { lag: always(40) } }),
  scenario(
    'a partition halts: log and table disagree',
    120,
    { sink: { halted: from(60, 1, 0) } },
    { ConsumerPartitionHalted: { notBefore: 60, by: 62, count: 1 } },
  ),
  scenario('halted on one reading only', 120, { sink: { halted: (t) => (t === 60 ? 1 : 0) } }),
];
