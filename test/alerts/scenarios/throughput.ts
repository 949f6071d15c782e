import { noiseOf } from '../noise.ts';
import { scenario, slowScenario } from '../scenario.ts';
import { always, from } from '../series.ts';

const none = { sink: { lag: always(0) }, recommender: { lag: always(0) } };
const noise = noiseOf('source');
const stopped = (start: number, end: number) => (t: number) => (t >= start && t < end ? 0 : 100);
const day = (t: number) => t % 1440;

/** Dips, stops, ramps and noise of the source. */
export const throughput = [
  scenario('a healthy source with 20 % noise for six hours', 360, {
    rate: (t) => 100 * Math.exp(0.2 * noise.normal(t)),
  }),
  scenario(
    'the rate falls to 35 %',
    150,
    { rate: from(90, 35, 100) },
    {
      PipelineThroughputDip: { notBefore: 94, by: 98, count: 1 },
      GeneratorBelowTarget: { notBefore: 98, by: 104 },
    },
  ),
  scenario(
    'the rate falls to 60 %: too little for a dip, and the target says so',
    150,
    { rate: from(90, 60, 100) },
    {
      GeneratorBelowTarget: { by: 106 },
    },
  ),
  scenario(
    'a dip that heals after twenty minutes lets go',
    180,
    { rate: (t) => (t >= 90 && t < 110 ? 35 : 100) },
    {
      PipelineThroughputDip: { by: 98, still: [108], gone: 125 },
      GeneratorBelowTarget: { by: 104, gone: 116 },
    },
  ),
  scenario('a dip of two minutes', 150, { rate: (t) => (t >= 90 && t < 92 ? 10 : 100) }),
  scenario('a dip to a tenth for three minutes does not last long enough', 150, {
    rate: (t) => (t >= 90 && t < 93 ? 10 : 100),
  }),
  scenario(
    'a collapse over an hour: the baseline does not follow it down',
    170,
    { rate: (t) => (t < 90 ? 100 : Math.max(10, 100 - 1.5 * (t - 90))) },
    { PipelineThroughputDip: { by: 132, still: [165] }, GeneratorBelowTarget: { by: 125 } },
  ),
  scenario(
    'a source that is meant to run sends nothing',
    150,
    { rate: from(90, 0, 100) },
    { PipelineThroughputDip: { by: 98, count: 1 }, GeneratorBelowTarget: { by: 104 } },
  ),
  scenario(
    'an outage of four hours does not become the new normal',
    330,
    { rate: from(90, 30, 100) },
    {
      PipelineThroughputDip: { by: 98, still: [180, 240, 300, 325] },
      GeneratorBelowTarget: { by: 104 },
    },
  ),
  scenario('a planned stop and the return from it', 240, {
    target: stopped(90, 140),
    rate: stopped(90, 140),
  }),
  scenario('a short planned stop and a slow return that the target does not declare', 180, {
    target: stopped(90, 93),
    rate: (t) => (t < 90 ? 100 : t < 93 ? 0 : Math.min(100, 12 * (t - 93))),
  }),
  scenario('a planned step down, declared by the target', 240, {
    target: from(90, 20, 100),
    rate: from(90, 20, 100),
  }),
  scenario('a declared climb from nothing', 120, {
    target: (t) => Math.min(100, 5 + 5 * t),
    rate: (t) => Math.min(100, 5 + 5 * t),
  }),
  scenario('a slow start of 14 minutes that the target does not declare', 120, {
    rate: (t) => Math.min(100, 7 * t),
  }),
  scenario('three events a minute, with gaps, for eight hours', 480, {
    ...none,
    target: always(0.05),
    rate: always(0.05),
  }),
  scenario(
    'very slow traffic that stops: too little to tell a dip by, but not too little for the target',
    480,
    { ...none, target: always(0.02), rate: from(240, 0, 0.02) },
    { GeneratorBelowTarget: { notBefore: 249, by: 300 } },
  ),
  scenario('three times the rate for ten minutes', 180, { rate: (t) => (t >= 90 && t < 100 ? 300 : 100) }),
  scenario('a source of bursts, ten minutes high, ten minutes low', 300, {
    target: always(1),
    rate: (t) => (Math.floor(t / 10) % 2 ? 150 : 8),
  }),
  scenario('an evening from 100 down to 25 in five hours, undeclared', 360, {
    target: always(1),
    rate: (t) => (t < 60 ? 100 : Math.max(25, 100 - 0.25 * (t - 60))),
  }),
  scenario('the producer restarts: its counter begins again, one scrape is missing', 150, {
    patch: [
      [
        /producer_events_acked_total/,
        (sample, t) => (t === 90 ? null : t > 90 ? Number(sample) - 540_000 : sample),
      ],
    ],
  }),
  scenario(
    'the sink alone slows to 30 %: its stages dip, the source does not',
    150,
    { sink: { consumed: from(90, 30, 100) } },
    { PipelineThroughputDip: { by: 98, count: 2 } },
  ),
  scenario(
    'the sink slows to 30 % of a log that others fill as well, and still takes more than ours send',
    150,
    {
      rate: always(20),
      target: always(20),
      arrivals: always(100),
      sink: { consumed: from(90, 30, 100) },
      recommender: { consumed: always(100) },
    },
    { PipelineThroughputDip: { by: 98, count: 2 } },
  ),
  scenario(
    'the sink alone slows to 30 % for four hours: that does not become the new normal',
    330,
    { sink: { consumed: from(90, 30, 100) } },
    { PipelineThroughputDip: { by: 98, still: [180, 240, 300, 325] } },
  ),
  scenario(
    'the source comes back after two hours, and then the sink slows to 30 %',
    270,
    {
      rate: (t) => (t >= 90 && t < 215 ? 30 : 100),
      sink: { consumed: (t) => (t >= 90 && t < 215 ? 30 : t >= 230 ? 25 : 100) },
    },
    {
      PipelineThroughputDip: { by: 98, still: [210, 250] },
      GeneratorBelowTarget: { by: 104, gone: 222 },
    },
  ),
  scenario(
    'the producer dies: the dip has no data, its target speaks',
    130,
    {
      dies: { producer: 90 },
      sink: { consumed: from(90, 0, 100) },
      recommender: { consumed: from(90, 0, 100) },
    },
    { PipelineTargetDown: { by: 93 }, PipelineMetricsMissing: { by: 105 } },
  ),
  scenario('the dip rule learns only while the source is meant to run', 200, {
    target: (t) => (t < 40 ? 0 : 20),
    rate: (t) => (t < 40 ? 300 : 20),
  }),
  scenario('a baseline needs twenty minutes', 120, {
    target: (t) => (t < 60 ? 0 : 100),
    rate: (t) => (t < 60 ? 0 : t < 78 ? 300 : 100),
  }),
  slowScenario(
    'the same drop every evening is silent from its second day',
    2880,
    { target: always(1), rate: (t) => (day(t) >= 1200 ? 20 : 100) },
    { PipelineThroughputDip: { by: 1220, gone: 1500, quietAfter: 1500 } },
  ),
  slowScenario(
    'the same drop every evening, but on the second day it goes to nothing',
    2880,
    { target: always(1), rate: (t) => (t < 1440 ? (t >= 1200 ? 20 : 100) : t >= 2640 ? 0 : 100) },
    { PipelineThroughputDip: { by: 1220, still: [2660] }, GeneratorBelowTarget: { by: 2675 } },
  ),
  slowScenario(
    'a limit: after one day of history an outage excuses the same outage a day later',
    1700,
    { target: always(1), rate: (t) => ((t >= 180 && t < 260) || (t >= 1620 && t < 1690) ? 10 : 100) },
    { PipelineThroughputDip: { by: 195, gone: 1675 } },
  ),
  slowScenario(
    "with a week of history yesterday's outage excuses nothing",
    8 * 1440 + 300,
    {
      target: always(1),
      rate: (t) => {
        const days = Math.floor(t / 1440);
        return (days === 7 || days === 8) && day(t) >= 180 && day(t) < 260 ? 10 : 100;
      },
    },
    { PipelineThroughputDip: { by: 7 * 1440 + 200, still: [8 * 1440 + 200] } },
  ),
];
