import { createHash } from 'node:crypto';
import { expect, onTestFailed } from 'vitest';
import type { SinkStatus } from '../../consumers/sink-status.ts';
import type { TestClickHouse } from './clickhouse-server.ts';
import type { SharedPipeline } from './pipeline.ts';
import type { RunningService } from './program.ts';
import { waitUntil } from './wait-until.ts';

export type Victim = 'sink' | 'clickhouse';

/**
 * What makes kills hit something: the sink flushes several times a second, so that most moments lie inside an INSERT, and
 * the group waits no longer than a broker allows for a member that was killed.
 */
export const STORM_SETTINGS: Readonly<Record<string, string>> = {
  REELSTREAM_SINK_SESSION_TIMEOUT_MS: '6000',
  REELSTREAM_SINK_FLUSH_MIN_INTERVAL_MS: '100',
  REELSTREAM_SINK_FLUSH_MAX_INTERVAL_MS: '300',
};

/** Slow enough that the sample lasts for any storm here (seven minutes); the rest follows at full speed. */
const STORM_EVENTS_PER_SECOND = 240;
const REPLAY = ['--history', '--once'];
const PARTITIONS = 4;
const STREAMING_TIMEOUT_MS = 60_000;
/** Longest time from the first rows after a kill to the next kill: a few flushes. */
const MAX_PAUSE_MS = 1_200;

/**
 * Replays the whole sample, kills the victims in turn with SIGKILL while events stream and starts each again. A victim is
 * only killed when the sink owns its partitions and has applied rows since the last kill. Every second sink joins another
 * group: nobody waits there for the one that was killed, and as positions are in the tables it must make no difference.
 * Returns when every record of the log is in `events_raw` and the sink has drained.
 *
 * The moments are random over seeds and the same for one seed, given as REELSTREAM_TEST_SEED; a failure prints it.
 */
export async function replayUnderKills(
  pipeline: SharedPipeline,
  clickhouse: TestClickHouse,
  victims: readonly Victim[],
  ratings: number,
): Promise<void> {
  const seed = process.env.REELSTREAM_TEST_SEED ?? `${Date.now()}`;
  onTestFailed(() => void process.stderr.write(`to repeat the kills: REELSTREAM_TEST_SEED=${seed}\n`));
  const groupOf = (sinks: number) =>
    `${pipeline.environment.REELSTREAM_RATINGS_TOPIC ?? ''}-storm-${Math.floor(sinks / 2)}`;
  const sink = await pipeline.startSink({ REELSTREAM_SINK_GROUP: groupOf(0) });
  const producer = await pipeline.startProducer([
    ...REPLAY,
    '--history-rate',
    String(STORM_EVENTS_PER_SECOND),
  ]);
  let isProducing = true;
  void producer.finished.then(() => {
    isProducing = false;
  });
  let living = sink;
  let sinks = 1;
  for (const [number, victim] of victims.entries()) {
    await untilStreaming(pipeline, living, `kill ${number + 1} of ${victims.length}`);
    await pause(seed, number);
    expect(isProducing, `the producer runs at kill ${number + 1}:\n${producer.said()}`).toBe(true);
    if (victim === 'sink') {
      await living.kill();
      living = await pipeline.startSink({ REELSTREAM_SINK_GROUP: groupOf(sinks++) });
    } else {
      await clickhouse.kill();
      await clickhouse.restart();
    }
  }
  await untilStreaming(pipeline, living, 'after the last kill');
  await producer.stop();
  await pipeline.run(['produce', ...REPLAY]);
  await untilCaughtUp(pipeline, living, ratings);
  const stopped = await living.stop();
  expect(stopped.code, stopped.stdout).toBe(0);
}

/** The sink owns every partition, streams all of them and has applied more than it had when this was asked. */
async function untilStreaming(pipeline: SharedPipeline, sink: RunningService, when: string): Promise<void> {
  let before: number | null = null;
  let last: SinkStatus | null = null;
  await waitUntil(
    () => `${when}: the sink streams and applies; last seen ${JSON.stringify(last)}\n${sink.said()}`,
    STREAMING_TIMEOUT_MS,
    async () => {
      last = await pipeline.sinkStatus();
      if (!last || last.partitions.length < PARTITIONS) return false;
      if (last.partitions.some(({ state }) => state !== 'streaming')) return false;
      before ??= last.counts.applied;
      return last.counts.applied > before;
    },
  );
}

/** Every record that the log holds is in raw: nothing is behind. */
async function untilCaughtUp(
  pipeline: SharedPipeline,
  sink: RunningService,
  events: number,
  timeoutMs = 60_000,
): Promise<void> {
  let last = -1;
  await waitUntil(
    () => `${events} rows in events_raw, last seen ${last}; the sink says:\n${sink.said()}`,
    timeoutMs,
    async () => {
      last = await pipeline.count('SELECT count() FROM events_raw').catch(() => -1);
      return last >= events;
    },
  );
}

async function pause(seed: string, number: number): Promise<void> {
  const share = createHash('sha256').update(`${seed}/${number}`).digest().readUInt32LE(0) / 2 ** 32;
  await new Promise((resolve) => setTimeout(resolve, share * MAX_PAUSE_MS));
}
