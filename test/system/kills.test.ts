import { afterEach, beforeEach, describe, it } from 'vitest';
import { expectExact } from '../helpers/expect-exact.ts';
import { replayUnderKills, STORM_SETTINGS } from '../helpers/kill-storm.ts';
import { sampleRatings } from '../helpers/oracle.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';

const KILLS = 20;
const ratings = sampleRatings();

let pipeline: TestPipeline | undefined;
beforeEach(async () => {
  pipeline = await startTestPipeline(STORM_SETTINGS);
}, 120_000);
afterEach(() => pipeline?.remove(), 60_000);

describe('every rating of the sample, through Kafka', () => {
  for (const victim of ['sink', 'clickhouse'] as const) {
    it(`is in the tables once and the aggregates are exact after ${KILLS} SIGKILLs of ${victim}`, async () => {
      const victims = Array.from({ length: KILLS }, () => victim);
      await replayUnderKills(pipeline!, victims, ratings.length);
      await expectExact(pipeline!, ratings);
    });
  }
});
