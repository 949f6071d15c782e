import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectExact } from '../helpers/expect-exact.ts';
import { runKillStorm, untilCaughtUp, type Victim } from '../helpers/kill-storm.ts';
import { sampleRatings } from '../helpers/oracle.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';

const KILLS = 20;
const ratings = sampleRatings();

let pipeline: TestPipeline | undefined;
beforeEach(async () => {
  pipeline = await startTestPipeline({ REELSTREAM_SINK_SESSION_TIMEOUT_MS: '6000' });
}, 120_000);
afterEach(() => pipeline?.remove(), 60_000);
afterAll(() => {
  pipeline = undefined;
});

describe('every rating of the sample, through Kafka', () => {
  for (const victim of ['sink', 'clickhouse'] as const) {
    it(`is in the tables once and the aggregates are exact after ${KILLS} SIGKILLs of ${victim}`, async () => {
      await replayUnderKills(pipeline!, victim);
    });
  }
});

async function replayUnderKills(world: TestPipeline, victim: Victim): Promise<void> {
  const seed = `${victim}/${Date.now()}`;
  const sink = await world.startSink();
  const producer = await world.startProducer(['--once', '--rate', '1500']);
  const living = await runKillStorm(world, sink, {
    victims: Array.from({ length: KILLS }, () => victim),
    seed,
    minPauseMs: 100,
    maxPauseMs: 2_500,
  });
  const produced = await producer.finished;
  expect(produced.code, produced.stderr).toBe(0);
  await untilCaughtUp(world, living, ratings.length);
  const stopped = await living.stop();
  expect(stopped.code, `seed ${seed}\n${stopped.stdout}`).toBe(0);
  await expectExact(world, ratings);
}
