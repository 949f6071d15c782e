import type { Mutant } from './mutation.ts';

const guard = (rule: string, withoutGuard: string, killedBy: string): Mutant => ({
  rule,
  fault: { withoutGuard },
  killedBy,
});
const waiting = (rule: string, killedBy: string): Mutant => ({
  rule,
  fault: { withoutWaiting: true },
  killedBy,
});
const swap = (rule: string, replace: string, by: string, killedBy: string): Mutant => ({
  rule,
  fault: { replace, by },
  killedBy,
});

const TRAINED = 'stage:reelstream_events:rate5m_trained';
const BASELINE = 'stage:reelstream_events:baseline1h';
const RUNNING = 'topic:reelstream_target:running';
const STEADY = 'job:reelstream_up:steady';
const DIP = 'PipelineThroughputDip';
const STALL = 'PipelineStalled';
const SINK_STALL = 'PipelineSinkStalled';
const BELOW = 'GeneratorBelowTarget';
const CANARY = 'CanaryLate';
const LAG = 'ConsumerLagNotDraining';
const STUCK = 'ConsumerPartitionStuck';
const HALTED = 'ConsumerPartitionHalted';
const ROWS = 'TableRowCountDip';
const THIN = 'TableRowsThin';
const MISMATCH = 'SourceSinkMismatch';
const CHECK = 'ReconciliationCheckFailed';
const STALE = 'ReconciliationStale';
const DEAD_RATIO = 'DeadLetterRatioHigh';
const DEAD = 'DeadLettersPresent';
const DUPLICATES = 'DuplicateRatioHigh';
const DRIFT = 'RecommenderRmseDrift';
const NAIVE = 'RecommenderWorseThanNaive';
const NON_FINITE = 'RecommenderNonFinite';
const SNAPSHOT = 'RecommenderSnapshotStale';
const OLD_MODEL = 'ApiServesOldModel';
const FAST = 'ApiErrorBudgetFastBurn';
const SLOW = 'ApiErrorBudgetSlowBurn';
const LATE = 'FreshnessBudgetFastBurn';
const DOWN = 'PipelineTargetDown';
const MISSING = 'PipelineMetricsMissing';

/** Every guard left out, every delay left out, and the numbers and turns of expression that carry a rule. */
export const MUTANTS: readonly Mutant[] = [
  guard(DIP, 'below the floor of its noise', 'a source of bursts, ten minutes high, ten minutes low'),
  guard(DIP, 'a reader that stands still is a stall', 'the sink hangs'),
  guard(DIP, 'it does not keep up with the log', 'the rate falls to 35 %'),
  guard(DIP, 'more than chance', 'three events a minute, with gaps, for eight hours'),
  guard(DIP, 'the source is meant to run', 'a planned stop and the return from it'),
  guard(DIP, 'the target did not fall', 'a planned step down, declared by the target'),
  guard(DIP, 'not the same at this time before', 'the same drop every evening is silent from its second day'),
  waiting(DIP, 'a dip to a tenth for three minutes does not last long enough'),
  swap(DIP, '< 0.5 *', '< 0.99 *', 'the rate falls to 60 %: too little for a dip, and the target says so'),
  guard(TRAINED, 'the source is meant to run', 'the dip rule learns only while the source is meant to run'),
  guard(
    TRAINED,
    'no dip under way',
    'the sink alone slows to 30 % for four hours: that does not become the new normal',
  ),
  guard(
    TRAINED,
    'nor one of the source',
    'the source comes back after two hours, and then the sink slows to 30 %',
  ),
  swap(
    TRAINED,
    'ALERTS{alertname="PipelineThroughputDip"}',
    'ALERTS{alertname="PipelineThroughputDip",alertstate="firing"}',
    'the sink alone slows to 30 % for four hours: that does not become the new normal',
  ),
  guard(BASELINE, 'twenty minutes of training', 'a baseline needs twenty minutes'),
  swap(
    'stage:reelstream_events:baseline1h_held',
    'last_over_time(stage:reelstream_events:baseline1h[3h])',
    'stage:reelstream_events:baseline1h',
    'an outage of four hours does not become the new normal',
  ),
  guard(
    RUNNING,
    'without a break',
    'a short planned stop and a slow return that the target does not declare',
  ),
  guard(RUNNING, 'for ten minutes', 'a slow start of 14 minutes that the target does not declare'),
  guard(BELOW, 'more than chance', 'a target of one event in fifty seconds, with chance'),
  guard(
    BELOW,
    'the target made no jump',
    'the target jumps to four times and the producer takes 13 minutes to follow',
  ),
  guard(BELOW, 'still below', 'a dip that heals after twenty minutes lets go'),
  waiting(BELOW, 'below target for eight minutes'),
  swap(BELOW, '0.9 *', '0.99 *', '95 % of the target'),
  guard(STALL, 'the source has run for a while', 'the first batch after the start comes late'),
  guard(STALL, 'nothing was read', 'a reader that works every four minutes'),
  waiting(STALL, 'a hang of five minutes'),
  swap(
    STALL,
    'expected_consumer == 1',
    'expected_consumer >= 0',
    'the sink was stopped on purpose: nobody expects it',
  ),
  swap(
    STALL,
    'unless on (topic, group)',
    'and on (topic, group) 0 ==',
    'the sink is gone, and with it all its series',
  ),
  guard(STALL, 'it is not full', 'ClickHouse refuses, and once the batch is full nothing more is read'),
  swap(STALL, '>= 10)', '>= 0)', 'both sides stop as planned'),
  guard(SINK_STALL, 'nothing became durable', 'a healthy pipeline for two hours'),
  guard(
    SINK_STALL,
    'most of it should have',
    'a replay after a reset of offsets: all duplicates, the sink is rightly idle',
  ),
  guard(SINK_STALL, 'meant to read', 'nothing durable while the group is stopped on purpose'),
  waiting(SINK_STALL, 'the same for five minutes'),
  guard(CANARY, 'canaries go in', 'Kafka is away: no canary goes in, none can come out'),
  guard(CANARY, 'meant to read', 'the sink was stopped on purpose: nobody expects it'),
  waiting(CANARY, 'canaries are late for fourteen minutes'),
  swap(CANARY, 'interval_seconds > 0', 'interval_seconds >= 0', 'canaries are switched off'),
  guard(LAG, 'never caught up in between', 'saw teeth of nine minutes'),
  guard(LAG, 'more than a minute of its work', '10,000 events all the time at 5,000/s: two seconds of work'),
  guard(LAG, 'not gone in half an hour', 'catching up with nine minutes of pause in the middle'),
  guard(LAG, 'and not even now', 'after a stall the alert goes as soon as the backlog shrinks'),
  guard(LAG, 'meant to read', 'a growing backlog of a group that was stopped on purpose'),
  waiting(LAG, 'the backlog grows for a quarter of an hour and goes'),
  swap(
    LAG,
    'lag_drain_seconds:estimate > 1800',
    'lag_drain_seconds:estimate > 1e9',
    'it shrinks, and would need hours',
  ),
  swap(
    LAG,
    'lag_drain_seconds:estimate > 1800',
    'lag_drain_seconds:estimate > 0',
    'catching up with nine minutes of pause in the middle',
  ),
  guard(STUCK, 'its position stood still', 'lag on every reading while the position moves'),
  guard(STUCK, 'meant to read', 'a stuck partition of a group that was stopped on purpose'),
  waiting(STUCK, 'one partition waits for twelve minutes'),
  swap(STUCK, '> 0', '>= 0', 'a partition without traffic: nothing read, nothing waiting'),
  waiting(HALTED, 'halted on one reading only'),
  swap(HALTED, '> 0', '> 1', 'a partition halts: log and table disagree'),
  swap(
    'table:reelstream_recon_rows:expected',
    'or label_replace(reelstream_recon_last_week_period_rows, "basis", "last week", "", "")',
    '',
    'far below yesterday, as in the same period last week',
  ),
  swap(
    'table:reelstream_recon_rows:expected',
    'min without',
    'max without',
    'far below last week, as yesterday',
  ),
  guard(ROWS, 'enough rows to judge', '12 rows yesterday and 3 now: too few to judge'),
  waiting(ROWS, 'a bad count on one reading'),
  swap(ROWS, 'dip_threshold_ratio *', 'dip_threshold_ratio * 1.2 *', 'rows at 75 %'),
  guard(THIN, 'enough rows before', 'thin, but hardly any rows before'),
  guard(THIN, 'enough rows now', 'thin, but hardly any rows now'),
  waiting(THIN, 'thin on one reading'),
  swap(THIN, '< 0.5 *', '< 1.1 *', 'a healthy pipeline for two hours'),
  waiting(MISMATCH, 'one bad reading'),
  swap(MISMATCH, 'abs(', '(', 'the sink holds one event too many'),
  swap(MISMATCH, '_tolerance_ratio *', '_tolerance_ratio * 0 *', 'inside the tolerance of 0.1 %'),
  waiting(CHECK, 'a check fails once'),
  swap(CHECK, '== 0', '== 1', 'a configured check fails'),
  waiting(STALE, 'the reconciler hangs'),
  swap(STALE, '3 *', '1 *', 'the reconciler takes four rounds to finish one'),
  guard(DEAD_RATIO, 'more than a few', 'four of twenty at low traffic, again and again'),
  guard(DEAD_RATIO, 'still arriving', 'a burst of bad events lets go when it is over'),
  waiting(DEAD_RATIO, '5 % of the events cannot be decoded'),
  swap(DEAD_RATIO, '> 0.01', '> 0.001', 'half a percent of bad events: a ticket'),
  waiting(DEAD, '5 % of the events cannot be decoded'),
  swap(DEAD, '>= 1', '>= 2', 'one dead letter: a ticket, no page'),
  guard(DUPLICATES, 'still arriving', 'redelivery after a restart: 60 % duplicates for four minutes'),
  guard(DUPLICATES, 'more than a few', 'a fifth of next to nothing'),
  waiting(DUPLICATES, '20 % duplicates for nine minutes'),
  swap(DUPLICATES, '> 0.05', '> 0.01', '3 % duplicates for good'),
  guard(DRIFT, 'enough predictions', 'few predictions, wild ones'),
  waiting(DRIFT, 'RMSE from 0.90 to 1.20, and the mean does no better: the data changed'),
  swap(DRIFT, '> 1.2 *', '> 1.1 *', 'RMSE 15 % up'),
  guard(
    'model:reelstream_reco_rmse:baseline6h',
    'an hour of history',
    'the first hour of a model says nothing of its drift',
  ),
  swap('model:reelstream_reco_rmse:baseline6h', 'offset 1h', '', 'RMSE from 0.90 to 1.20 for six hours'),
  guard(NAIVE, 'enough predictions', 'after a hundred thousand predictions a quiet night with bad ones'),
  guard(NAIVE, 'past its cold start', 'a cold start: RMSE from 1.5 down to 0.9 within half an hour'),
  waiting(NAIVE, 'worse than the plain mean for 22 minutes'),
  swap(
    NON_FINITE,
    'or model:reelstream_reco_rmse:30m != model:reelstream_reco_rmse:30m',
    '',
    'NaN got into the counter of errors: it stays there',
  ),
  swap(NON_FINITE, '> 0', '> 5', 'an update that was not finite was refused'),
  guard(SNAPSHOT, 'there is something to save', 'no events, no new snapshot'),
  waiting(SNAPSHOT, 'a snapshot comes 17 minutes late'),
  swap(SNAPSHOT, '3 *', '0.2 *', 'a healthy pipeline for two hours'),
  guard(
    OLD_MODEL,
    'there is something to learn',
    'nobody rates at night: the model gets old and learns nothing',
  ),
  waiting(OLD_MODEL, 'the API stays behind for 20 minutes'),
  guard(FAST, 'still failing', 'calls fail for half an hour: both let go'),
  guard(FAST, 'more than a few', 'at night one of three calls fails'),
  swap(FAST, 'ratio_rate1h > 0.072', 'ratio_rate1h >= 0', 'two bad minutes in a good hour'),
  guard(SLOW, 'still failing', 'calls fail for half an hour: both let go'),
  guard(SLOW, 'more than a few', 'at night one of three calls fails'),
  swap(SLOW, 'ratio_rate6h > 0.03', 'ratio_rate6h >= 0', 'three bad minutes in a good hour'),
  guard(LATE, 'still late', 'late for 30 minutes: it lets go'),
  guard(LATE, 'more than a few', 'five late events of six at night'),
  waiting(LATE, 'a quarter of the events is late'),
  swap(LATE, 'ratio_rate1h > 0.144', 'ratio_rate1h >= 0', 'a minute of catching up after a restart is late'),
  guard(DOWN, 'it is a service and not a short run', 'services that were never started are not down'),
  waiting(DOWN, 'one scrape fails'),
  guard(STEADY, 'without a break', 'a producer that comes and goes never was a service'),
  guard(STEADY, 'for ten minutes', 'a load test of eight minutes ends'),
  waiting(MISSING, 'the series that rules stand on are missing for a few minutes'),
  swap(
    MISSING,
    'and on () last_over_time',
    'or last_over_time',
    'services that were never started are not down',
  ),
];
