import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectExact } from '../helpers/expect-exact.ts';
import { runKillStorm, untilCaughtUp } from '../helpers/kill-storm.ts';
import { sampleRatings } from '../helpers/oracle.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';

const EVENTS = 20_000;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline({ REELSTREAM_SINK_SESSION_TIMEOUT_MS: '6000' });
});
afterAll(() => pipeline?.remove());

describe('the whole pipeline', () => {
  it('has every event once and every aggregate exact after five kills', async () => {
    const seed = String(Date.now());
    const sink = await pipeline.startSink();
    const producer = await pipeline.startProducer(['--once', '--count', String(EVENTS), '--rate', '1000']);
    const living = await runKillStorm(pipeline, sink, {
      victims: ['sink', 'clickhouse', 'clickhouse', 'sink', 'clickhouse'],
      seed,
      minPauseMs: 300,
      maxPauseMs: 2_000,
    });
    const produced = await producer.finished;
    expect(produced.code, produced.stderr).toBe(0);
    await untilCaughtUp(pipeline, living, EVENTS);
    const stopped = await living.stop();
    expect(stopped.code, `seed ${seed}\n${stopped.stdout}`).toBe(0);
    await expectExact(pipeline, replayOrder().slice(0, EVENTS));
  });
});

/** The order in which the producer replays the file: by time, then user, then film. */
function replayOrder() {
  return sampleRatings().sort(
    (a, b) => a.seconds - b.seconds || a.userId - b.userId || a.movieId - b.movieId,
  );
}
