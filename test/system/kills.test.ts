import { afterEach, beforeEach, describe, it } from 'vitest';
import { startTestClickHouse, type TestClickHouse } from '../helpers/clickhouse-server.ts';
import { expectExact } from '../helpers/expect-exact.ts';
import { replayUnderKills, STORM_SETTINGS } from '../helpers/kill-storm.ts';
import { sampleRatings } from '../helpers/oracle.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';

const KILLS = 20;
const ratings = sampleRatings();

let clickhouse: TestClickHouse | undefined;
let pipeline: SharedPipeline | undefined;
beforeEach(async () => {
  clickhouse = await startTestClickHouse();
  pipeline = await openSharedPipeline(STORM_SETTINGS, clickhouse);
}, 120_000);
afterEach(async () => {
  await pipeline?.remove();
  await clickhouse?.stop();
}, 60_000);

describe('every rating of the sample, through Kafka', () => {
  for (const victim of ['sink', 'clickhouse'] as const) {
    it(`is in the tables once and the aggregates are exact after ${KILLS} SIGKILLs of ${victim}`, async () => {
      const victims = Array.from({ length: KILLS }, () => victim);
      await replayUnderKills(pipeline!, clickhouse!, victims, ratings.length);
      await expectExact(pipeline!, ratings);
    });
  }
});
