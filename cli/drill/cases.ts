import type { ClickHouse } from '../../clickhouse/connection.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { LOOPBACK } from '../../embedded/supervisor/ports.ts';
import { createSwitchedEncoder, SWITCHED_RATING_EVENT } from '../../producer/faults/schema-switch.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingEncoder } from '../../schemas/rating-codec.ts';
import { registryFrom } from '../wiring.ts';
import type { DrillCase } from './drill-case.ts';
import { DRILL_RATE } from './drill-settings.ts';
import type { DrillStack } from './drill-stack.ts';
import { repeat, sendOne, sendRecords, whim } from './traffic.ts';

const SINK = { group: 'reelstream-sink' };
const RECOMMENDER = { group: 'reelstream-recommender-0' };
const USUAL_OF_NOW = `
  by (topic) (stage:reelstream_events:baseline1h_held / on (topic) group_left () stage:reelstream_events:rate5m{stage="produced"})`;
/**
 * Trained, and the source is meant to run: from here on a dip is judged. And every baseline says what is produced now: after a
 * drill that raised the load they still hold that load, or what was caught up of it, and the return to what was usual would be a
 * dip. Baselines and what is produced are steady; what a reader makes durable comes in batches and is not asked for.
 */
const TRAINED = `
  stage:reelstream_events:baseline1h_held{stage="settled"} and on (topic) topic:reelstream_target:running
  and on (topic) min ${USUAL_OF_NOW} > 0.8 and on (topic) max ${USUAL_OF_NOW} < 1.25`;
const LATE_EVENTS = 'what waited is late, and its delays are counted when it is read';

/** Of five parts of a second the producer gets one. */
const STARVED = { stoppedMs: 400, runningMs: 100 } as const;
/** The sink's largest batch every so often is less than comes then. */
const SLOW_CLICKHOUSE_MS = 2_500;
const SPIKE_RATE = 600;

export const DRILLS: readonly DrillCase[] = [
  {
    name: 'dip',
    fault: 'the producer gets a fifth of its time and leaves out what is too late',
    expected: [{ alert: 'PipelineThroughputDip', labels: { stage: 'produced' } }],
    aftermath: {},
    withinMs: 60_000,
    ready: TRAINED,
    async cause({ signal }) {
      const undo = repeat(systemClock, STARVED.runningMs, async () => {
        signal('producer', 'SIGSTOP');
        await systemClock.sleep(STARVED.stoppedMs);
        signal('producer', 'SIGCONT');
      });
      return async () => {
        await undo();
        signal('producer', 'SIGCONT');
      };
    },
  },
  {
    name: 'stall',
    fault: 'the network between the sink and ClickHouse swallows everything',
    expected: [{ alert: 'PipelineSinkStalled', labels: SINK }],
    aftermath: { FreshnessBudgetFastBurn: LATE_EVENTS },
    withinMs: 60_000,
    ready: TRAINED,
    async cause({ doors }) {
      doors.sinkToClickHouse.freeze();
      return async () => doors.sinkToClickHouse.open();
    },
  },
  {
    name: 'loss',
    fault: 'a part of events_raw is gone',
    expected: [{ alert: 'SourceSinkMismatch', labels: { table: 'events_raw' } }],
    aftermath: {},
    withinMs: 60_000,
    cause: loseRows,
  },
  {
    name: 'lag',
    fault: 'four times the load, and ClickHouse answers late',
    expected: [{ alert: 'ConsumerLagNotDraining', labels: SINK }],
    aftermath: { FreshnessBudgetFastBurn: LATE_EVENTS, CanaryLate: LATE_EVENTS },
    withinMs: 90_000,
    ready: TRAINED,
    async cause(stack) {
      stack.doors.sinkToClickHouse.delay(SLOW_CLICKHOUSE_MS);
      await setRate(stack, SPIKE_RATE);
      return async () => {
        stack.doors.sinkToClickHouse.open();
        await setRate(stack, DRILL_RATE);
      };
    },
  },
  {
    name: 'stuck-partition',
    fault: 'one partition holds an event of a new schema, and the sink cannot reach the registry',
    expected: [{ alert: 'ConsumerPartitionStuck', labels: { ...SINK, partition: '2' } }],
    aftermath: { FreshnessBudgetFastBurn: LATE_EVENTS, CanaryLate: LATE_EVENTS },
    withinMs: 90_000,
    ready: TRAINED,
    async cause({ doors, settings }) {
      const schemaId = await registryFrom(settings).register(SWITCHED_RATING_EVENT);
      doors.sinkToRegistry.refuse();
      const value = createSwitchedEncoder(schemaId)(whim(Date.now()));
      await sendOne(settings, { partition: 2, value });
      return async () => doors.sinkToRegistry.open();
    },
  },
  {
    name: 'model-drift',
    fault: 'ratings that follow no taste, only chance',
    expected: [{ alert: 'RecommenderRmseDrift' }],
    aftermath: {},
    withinMs: 120_000,
    ready: 'model:reelstream_reco_rmse:baseline6h',
    async cause({ settings }) {
      const encode = createRatingEncoder(await registryFrom(settings).register(RATING_EVENT));
      return sendRecords(settings, 100, () => encode(whim(Date.now())), systemClock);
    },
  },
  {
    name: 'api-errors',
    fault: 'the recommender cannot reach the registry: what is written by the API fails',
    expected: [{ alert: 'ApiErrorBudgetFastBurn' }],
    aftermath: { ApiErrorBudgetSlowBurn: 'its windows are longer, and still hold the failures' },
    withinMs: 60_000,
    cause: failCalls,
  },
  {
    name: 'poison',
    fault: 'bytes that are no event, twenty a second',
    expected: [SINK, RECOMMENDER].map((labels) => ({ alert: 'DeadLetterRatioHigh', labels })),
    aftermath: { DeadLettersPresent: 'a ticket that stays as long as the last hour holds one' },
    withinMs: 60_000,
    ready: TRAINED,
    cause: ({ settings }) => sendRecords(settings, 20, () => Buffer.from('this is no Avro'), systemClock),
  },
  {
    name: 'dead-reconciler',
    fault: 'the reconciler is killed',
    expected: [{ alert: 'PipelineTargetDown', labels: { job: 'reconciler' } }],
    aftermath: {},
    withinMs: 60_000,
    ready: 'job:reelstream_up:steady{job="reconciler"}',
    async cause({ signal, restart }) {
      signal('reconciler', 'SIGKILL');
      return () => restart('reconciler');
    },
  },
];

async function setRate({ settings }: DrillStack, rate: number): Promise<void> {
  const answer = await fetch(`http://${LOOPBACK}:${settings.REELSTREAM_PRODUCER_METRICS_PORT}/rate`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ rate }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) throw new ReelstreamError('unavailable', `the producer took no rate: ${answer.status}`);
}

/** Merges leave one part of a partition for a moment, and the next flush brings another. */
const PARTS_WITHIN_MS = 30_000;

/** As a disk would lose them: a whole part, which comes back as it was. Never the newest rows, where the sink stands. */
async function loseRows({ clickhouse, halt }: DrillStack): Promise<() => Promise<void>> {
  const deadlineMs = systemClock.monotonicMs() + PARTS_WITHIN_MS;
  for (;;) {
    const part = await oldestPart(clickhouse);
    if (part !== null) {
      await clickhouse.command(`ALTER TABLE events_raw DETACH PART '${part}'`);
      return () => clickhouse.command(`ALTER TABLE events_raw ATTACH PART '${part}'`);
    }
    if (halt.aborted || systemClock.monotonicMs() > deadlineMs) {
      throw new ReelstreamError('unavailable', 'events_raw has too few parts to lose one');
    }
    await systemClock.sleep(200, halt);
  }
}

/** Of a partition that has others; null while there is none. */
async function oldestPart(clickhouse: ClickHouse): Promise<string | null> {
  const [part] = await clickhouse.query<{ name: string }>(
    `SELECT name FROM system.parts
     WHERE database = {database:String} AND table = 'events_raw' AND active
       AND partition_id IN (SELECT partition_id FROM system.parts
         WHERE database = {database:String} AND table = 'events_raw' AND active GROUP BY partition_id HAVING count() > 1)
     ORDER BY min_block_number LIMIT 1`,
    { params: { database: clickhouse.database } },
  );
  return part?.name ?? null;
}

const CALLS_EVERY_MS = 200;
/** So long only good calls are made: the short window must forget. */
const GOOD_CALLS_MS = 8_000;

async function failCalls({ doors, settings, halt }: DrillStack): Promise<() => Promise<void>> {
  const api = `http://${LOOPBACK}:${settings.REELSTREAM_RECOMMENDER_PORT}/api/v1`;
  let isBroken = true;
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${api}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
    await answer.arrayBuffer();
  };
  const newUser: RequestInit = {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ gender: 'F', year_of_birth: 1990 }),
  };
  doors.recommenderToRegistry.refuse();
  const undo = repeat(systemClock, CALLS_EVERY_MS, async () => {
    await Promise.all([call('/movies/top?limit=5'), ...(isBroken ? [call('/user', newUser)] : [])]);
  });
  return async () => {
    isBroken = false;
    doors.recommenderToRegistry.open();
    await systemClock.sleep(GOOD_CALLS_MS, halt);
    await undo();
  };
}
