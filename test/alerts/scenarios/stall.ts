import { scenario } from '../scenario.ts';
import { always, from } from '../series.ts';

const until = (minute: number) => from(minute, 0, 100);
const growing = (minute: number) => (t: number) => (t < minute ? 20 : 20 + 3_000 * (t - minute));
const standing = (minute: number) => (t: number) => (t < minute ? 50 : 0);
const silentReaders = {
  sink: { consumed: until(60), lag: always(0) },
  recommender: { consumed: until(60), lag: always(0) },
};

/** Readers that stand still. */
export const stall = [
  scenario(
    'the sink hangs',
    120,
    { sink: { consumed: until(60), lag: growing(60), position: standing(60) } },
    {
      PipelineStalled: { notBefore: 64, by: 68, count: 1 },
      ConsumerLagNotDraining: { by: 80 },
      ConsumerPartitionStuck: { by: 80, count: 2 },
    },
  ),
  scenario(
    'the sink is gone, and with it all its series',
    120,
    { dies: { sink: 60 }, sink: { lag: growing(60), position: standing(60) } },
    {
      PipelineStalled: { by: 68, count: 1 },
      PipelineTargetDown: { by: 64, count: 1 },
      ConsumerPartitionStuck: { by: 80 },
    },
  ),
  scenario('the sink was stopped on purpose: nobody expects it', 120, {
    sink: { consumed: until(60), lag: growing(60), position: standing(60), expected: from(60, 0, 1) },
    canaryAge: (t) => Math.max(0, t - 60),
  }),
  scenario('both sides stop as planned', 120, { ...silentReaders, target: until(60), rate: until(60) }),
  scenario('a reader that works every four minutes', 120, {
    sink: { consumed: (t) => (t % 4 === 0 ? 400 : 0), lag: (t) => (t % 4) * 3_000 },
  }),
  scenario('a hang of five minutes', 120, {
    sink: { consumed: (t) => (t >= 60 && t < 65 ? 0 : 100) },
  }),
  scenario('the first batch after the start comes late', 90, {
    rate: from(60, 100, 0),
    target: from(60, 100, 0),
    sink: { consumed: from(66, 100, 0), lag: always(0) },
    recommender: { consumed: from(60, 100, 0), lag: always(0) },
  }),
  scenario(
    'the recommender hangs, the sink does not',
    120,
    { recommender: { consumed: until(60) } },
    { PipelineStalled: { by: 68, count: 1 } },
  ),
  scenario('a foreign group that nobody expects does nothing', 120, {
    recommender: { consumed: always(0), expected: () => null, lag: (t) => 3_000 * t, position: always(0) },
  }),
  scenario(
    'ClickHouse refuses: events are read and none becomes durable',
    120,
    { sink: { applied: until(60) } },
    { PipelineSinkStalled: { notBefore: 64, by: 68, count: 1 } },
  ),
  scenario(
    'ClickHouse refuses, and once the batch is full nothing more is read',
    120,
    { sink: { applied: until(60), consumed: until(63), inFlight: from(60, 18_000, 100) } },
    { PipelineSinkStalled: { notBefore: 64, by: 68, still: [75, 115], count: 1 } },
  ),
  scenario('the same for five minutes', 120, { sink: { applied: (t) => (t >= 60 && t < 65 ? 0 : 100) } }),
  scenario('nothing durable while the group is stopped on purpose', 120, {
    sink: { applied: until(60), expected: from(60, 0, 1) },
  }),
  scenario(
    'a replay after a reset of offsets: all duplicates, the sink is rightly idle',
    120,
    {
      sink: {
        applied: (t) => (t < 60 || t > 75 ? 100 : 0),
        duplicates: (t) => (t < 60 || t > 75 ? 0.1 : 100),
      },
    },
    { DuplicateRatioHigh: { by: 78 } },
  ),
  scenario('only canaries flow at night: nothing else to make durable', 120, {
    target: always(0),
    rate: always(0),
    sink: { consumed: always(0.4), applied: always(0), duplicates: always(0.4), lag: always(0) },
    recommender: { consumed: always(0), lag: always(0) },
    without: [/reason="duplicate"[^}]*}/],
    patch: [],
  }),
];

/** Canaries: freshness when nothing else flows. */
export const canaries = [
  scenario(
    'canaries go in and ClickHouse does not show them',
    120,
    { canaryAge: (t) => Math.max(0, t - 60) },
    { CanaryLate: { notBefore: 75, by: 78, count: 2 } },
  ),
  scenario(
    'one partition shows no canaries',
    120,
    { canaryAge: (t, partition) => (partition === 1 ? Math.max(0, t - 60) : 0) },
    { CanaryLate: { by: 78, count: 1 } },
  ),
  scenario('canaries are late for fourteen minutes', 120, {
    canaryAge: (t) => (t >= 60 && t < 74 ? t - 60 : 0),
  }),
  scenario('Kafka is away: no canary goes in, none can come out', 120, {
    canaryAge: (t) => Math.max(0, t - 60),
    canariesSent: from(60, 0, 0.4),
  }),
  scenario('canaries are switched off', 120, {
    canaryAge: (t) => Math.max(0, t - 60),
    patch: [[/canary_interval/, (sample, t) => (t < 60 ? sample : 0)]],
  }),
];
