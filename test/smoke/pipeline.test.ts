import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectExact } from '../helpers/expect-exact.ts';
import { replayUnderKills, STORM_SETTINGS } from '../helpers/kill-storm.ts';
import { listeningSockets } from '../helpers/listening-sockets.ts';
import { sampleRatings } from '../helpers/oracle.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';
import { readmeCurls, readmeQueries } from '../helpers/readme.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const ratings = sampleRatings();

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline(STORM_SETTINGS);
});
afterAll(() => pipeline?.remove());

/** These run in order: one pipeline, looked at, hurt, and asked what it knows. */
describe('the whole pipeline', () => {
  it.runIf(process.platform === 'linux')(
    'listens on 127.0.0.1 alone, and on no port but its own',
    async () => {
      const { environment, kafka, registry, clickhouse } = pipeline;
      const sink = await pipeline.startSink();
      const producer = await pipeline.startProducer(['--history', '--once', '--history-rate', '100']);
      const portOf = (name: string) => Number(environment[`REELSTREAM_${name}_METRICS_PORT`]);
      const sockets = () => ({
        sink: listeningSockets(sink.pid),
        producer: listeningSockets(producer.pid),
        registry: listeningSockets(registry.pid),
        clickhouse: listeningSockets(clickhouse.pid),
      });
      await waitUntil('the producer listens', 30_000, () => sockets().producer.length > 0);
      expect(sockets()).toEqual({
        sink: [`127.0.0.1:${portOf('SINK')}`],
        producer: [`127.0.0.1:${portOf('PRODUCER')}`],
        registry: [new URL(registry.url).host],
        clickhouse: [new URL(clickhouse.url).host],
      });
      const broker = listeningSockets(kafka.pid);
      expect(broker).toContain(kafka.brokers);
      // the other is the controller's
      expect(broker).toHaveLength(2);
      expect(broker.filter((socket) => !socket.startsWith('127.0.0.1:'))).toEqual([]);
      await producer.stop();
      expect((await sink.stop()).code).toBe(0);
    },
  );

  it('has every rating once and every aggregate exact after five kills', async () => {
    const victims = ['sink', 'clickhouse', 'clickhouse', 'sink', 'clickhouse'] as const;
    await replayUnderKills(pipeline, pipeline.clickhouse, victims, ratings.length);
    await expectExact(pipeline, ratings);
  });

  it('answers every query of the README', async () => {
    const queries = readmeQueries();
    expect(queries.length).toBeGreaterThanOrEqual(5);
    for (const query of queries) {
      const { stdout } = await pipeline.run(['sql', '--json', query]);
      expect((JSON.parse(stdout) as { rows: number }).rows, query).toBeGreaterThan(0);
    }
  });

  it('and its curl', async () => {
    const addresses = readmeCurls();
    expect(addresses).toHaveLength(1);
    for (const address of addresses) {
      const answer = await fetch(new URL(address.pathname + address.search, pipeline.clickhouse.url));
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      expect(text).toContain('Drama');
    }
  });
});
