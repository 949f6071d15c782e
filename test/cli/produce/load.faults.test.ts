import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../../kafka/admin.ts';
import { ratingsTopic } from '../../../kafka/topics.ts';
import { type Produced, readProduced, recordsIn, summaryOf } from '../../helpers/produced.ts';
import { runProgram, startService } from '../../helpers/program.ts';
import { sharedRegistry } from '../../helpers/shared.ts';
import { startTestKafka, type TestKafka } from '../../helpers/stack.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** its own: it is frozen here, which nobody else must notice */
let kafka: TestKafka;
let registryUrl: string;
let admin: KafkaAdmin;
let folder: string;
let metricsPort: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-load-'));
  [kafka, registryUrl] = await Promise.all([startTestKafka(), sharedRegistry()]);
  admin = createKafkaAdmin({ connection: { brokers: [kafka.brokers], clientId: 'test' } });
  metricsPort = await findFreePort();
});
// a test that fails half-way must not take the others with it
afterEach(() => kafka.resume());
afterAll(async () => {
  await admin?.close();
  await kafka?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A topic of its own, with the commands that work on it. */
async function openTopic(name: string, more: Readonly<Record<string, string>> = {}) {
  await admin.ensureTopics([ratingsTopic(name, 4)]);
  const environment = {
    REELSTREAM_HOME: folder,
    REELSTREAM_KAFKA_BROKERS: kafka.brokers,
    REELSTREAM_REGISTRY_URL: registryUrl,
    REELSTREAM_RATINGS_TOPIC: name,
    REELSTREAM_PRODUCER_METRICS_PORT: String(metricsPort),
    ...more,
  };
  const ledger = join(folder, `${name}.ledger`);
  const args = (options: readonly string[]) => ['produce', '--json', '--ledger', ledger, ...options];
  return {
    ledger,
    produce: async (...options: string[]) => {
      const { code, stdout, stderr } = await runProgram(args(options), environment);
      return { code, summary: summaryOf(stdout), stderr };
    },
    start: (...options: string[]) => startService(args(options), environment, null),
    /** holds the log against the ledger */
    async verify() {
      const { code, stdout, stderr } = await runProgram(
        ['verify', '--ledger', ledger, '--no-clickhouse', '--json'],
        environment,
      );
      expect([0, 1], stderr).toContain(code);
      return { code, report: JSON.parse(stdout) as VerifyReport };
    },
    read: () => readProduced(kafka.brokers, admin, name),
    records: () => recordsIn(admin, name),
    untilSent: (records: number) =>
      waitUntil(
        `${records} records in ${name}`,
        30_000,
        async () => (await recordsIn(admin, name)) >= records,
      ),
    /** something must be under way, or a broker that is frozen holds nothing up */
    untilUnderWay: () =>
      waitUntil('events are under way', 10_000, async () => {
        const answer = await fetch(`http://127.0.0.1:${metricsPort}/status`);
        const { inFlight } = (await answer.json()) as { readonly inFlight: number };
        return inFlight >= 100;
      }),
  };
}

interface VerifyReport {
  readonly exact: boolean;
  readonly ledgers: readonly { readonly closed: boolean; readonly tornBytes: number }[];
}

/** Who, what and how often, whatever the partition and the time. */
const contentOf = (records: readonly Produced[]) =>
  records
    .map(({ number, runId, key, fault, event }) => {
      const { userId, movieId, kind, rating, source } = event ?? {};
      return JSON.stringify([number, runId, key, fault, userId, movieId, kind, rating, source]);
    })
    .sort();

describe('produce to Kafka', () => {
  it('sends the same events with two workers as with one, faults and copies included', async () => {
    const options = [
      ...['--seed', '5', '--run-id', 'cafe', '--rate', '4000', '--count', '4000', '--min-achieved', '0'],
      ...['--new-users', '0.01', '--re-ratings', '0.1', '--watches', '0.1', '--refer-after', '2000'],
      ...['--fault', 'duplicate=2%:2:20ms', '--fault', 'reorder=2%:50ms', '--fault', 'drop=2%'],
      ...[
        '--fault',
        'domain=2%:rating_step',
        '--fault',
        'poison=2%:json,tombstone',
        '--fault',
        'key-skew=2%:3',
      ],
    ];
    const one = await openTopic('one');
    const two = await openTopic('two');
    const alone = await one.produce(...options);
    const together = await two.produce(...options, '--workers', '2');
    expect([alone.code, alone.stderr]).toEqual([0, expect.not.stringContaining('"level":"error"')]);
    expect([together.code, together.stderr]).toEqual([0, expect.not.stringContaining('"level":"error"')]);
    const { generated, acknowledged, records, keptBack, byLabel } = alone.summary!;
    expect(generated).toBe(4_000);
    expect(together.summary).toMatchObject({
      generated,
      acknowledged,
      records,
      keptBack,
      byLabel,
      next: 4_000,
    });
    const [sentAlone, sentTogether] = [await one.read(), await two.read()];
    expect(sentAlone).toHaveLength(records);
    expect(contentOf(sentTogether)).toEqual(contentOf(sentAlone));
    expect(await one.verify()).toMatchObject({ code: 0, report: { exact: true } });
    expect(await two.verify()).toMatchObject({ code: 0, report: { exact: true } });
  });

  it('shows a frozen broker in the delay of every event it held up, and loses none', async () => {
    const topic = await openTopic('frozen');
    const service = await topic.start('--rate', '2000', '--for', '5s');
    await topic.untilSent(1_000);
    kafka.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    kafka.resume();
    const { code, stdout, stderr } = await service.finished;
    const summary = summaryOf(stdout)!;
    expect(code, stderr).toBe(0);
    expect(summary).toMatchObject({ failed: 0, inFlight: 0, missed: 0, stoppedBy: 'limit' });
    expect(summary.acknowledged).toBe(summary.generated);
    expect(summary.deliveryDelay!.p99Ms).toBeGreaterThan(1_000);
    expect(summary.deliveryDelay!.maxMs).toBeGreaterThan(1_300);
    expect(await topic.records()).toBe(summary.generated);
    expect(await topic.verify()).toMatchObject({ code: 0, report: { exact: true } });
  });

  it('with --overload drop leaves out what a frozen broker keeps waiting, says how much, and ends with 1', async () => {
    const topic = await openTopic('dropping', { REELSTREAM_PRODUCER_MAX_BACKLOG_EVENTS: '1000' });
    const service = await topic.start('--rate', '2000', '--for', '4s', '--overload', 'drop');
    await topic.untilSent(1_000);
    kafka.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    kafka.resume();
    const { code, stdout, stderr } = await service.finished;
    const summary = summaryOf(stdout)!;
    expect([code, stderr]).toEqual([1, expect.stringContaining('--min-achieved')]);
    expect(summary.overloaded).toBeGreaterThan(500);
    expect(summary.generated + summary.overloaded).toBe(summary.next);
    expect(summary.acknowledged).toBe(summary.generated);
    expect(await topic.records()).toBe(summary.generated);
    expect(await topic.verify()).toMatchObject({ code: 0, report: { exact: true } });
  });

  it('flushes on SIGTERM and ends its ledger', async () => {
    const topic = await openTopic('stopped');
    const service = await topic.start('--rate', '3000', '--fault', 'duplicate=5%:1:2s');
    await topic.untilSent(1_500);
    const { code, stdout } = await service.stop();
    const summary = summaryOf(stdout)!;
    expect(code).toBe(0);
    expect(summary).toMatchObject({ stoppedBy: 'signal', inFlight: 0, failed: 0, next: summary.generated });
    expect(await topic.records()).toBe(summary.records);
    expect(await topic.verify()).toMatchObject({
      code: 0,
      report: { exact: true, ledgers: [{ closed: true }] },
    });
  });

  it('gives up on a frozen broker within the time to stop, ends its ledger and says 3', async () => {
    const topic = await openTopic('given-up', { REELSTREAM_STOP_TIMEOUT_MS: '2000' });
    const service = await topic.start('--rate', '2000');
    await topic.untilSent(1_000);
    kafka.pause();
    await topic.untilUnderWay();
    const { code, stdout, stderr } = await service.stop();
    kafka.resume();
    expect([code, stderr]).toEqual([3, expect.stringContaining('has not acknowledged')]);
    expect(summaryOf(stdout)!.inFlight).toBeGreaterThan(0);
    expect(await topic.verify()).toMatchObject({
      code: 0,
      report: { exact: true, ledgers: [{ closed: true }] },
    });
  });

  it.each([1, 2])(
    '%i in number end at once on a second signal, with ledgers that hold what they said',
    async (workers) => {
      const topic = await openTopic(`hurried-${workers}`);
      const service = await topic.start('--rate', '2000', '--workers', String(workers));
      await topic.untilSent(3_000);
      kafka.pause();
      await topic.untilUnderWay();
      process.kill(service.pid, 'SIGTERM');
      await waitUntil('it drains', 10_000, () => service.said().includes('draining'));
      // sooner it would be the same wish
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const askedMs = performance.now();
      process.kill(service.pid, 'SIGTERM');
      const { code } = await service.finished;
      const tookMs = performance.now() - askedMs;
      kafka.resume();
      expect(code).toBe(1);
      expect(tookMs).toBeLessThan(2_000);
      const { code: verdict, report } = await topic.verify();
      expect([verdict, report.exact]).toEqual([0, true]);
      expect(report.ledgers.map(({ closed }) => closed)).toEqual(Array(workers).fill(false));
    },
  );

  it('leaves a ledger that proves what it says when it is killed, also with its end torn off', async () => {
    const topic = await openTopic('killed');
    const service = await topic.start(
      '--rate',
      '3000',
      '--fault',
      'duplicate=5%:1:50ms',
      '--fault',
      'drop=5%',
    );
    await topic.untilSent(6_000);
    await service.kill();
    const whole = await topic.verify();
    expect(whole).toMatchObject({ code: 0, report: { exact: true, ledgers: [{ closed: false }] } });
    truncateSync(topic.ledger, statSync(topic.ledger).size - 3);
    const torn = await topic.verify();
    expect(torn).toMatchObject({ code: 0, report: { exact: true } });
    expect(torn.report.ledgers[0]!.tornBytes).toBeGreaterThan(0);
  });

  it('says what is missing, before anything is sent', async () => {
    const topic = await openTopic('small');
    const skewed = await topic.produce('--count', '5', '--fault', 'key-skew=1%:4');
    expect([skewed.code, skewed.stderr]).toEqual([
      2,
      expect.stringContaining('the partitions 0 to 3, not 4'),
    ]);
    expect(await topic.records()).toBe(0);
    await topic.produce('--count', '5', '--min-achieved', '0');
    const again = await topic.produce('--count', '5');
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('a ledger is never overwritten')]);
    const absent = await runProgram(['produce', '--count', '1'], {
      REELSTREAM_KAFKA_BROKERS: kafka.brokers,
      REELSTREAM_REGISTRY_URL: registryUrl,
      REELSTREAM_RATINGS_TOPIC: 'absent',
      REELSTREAM_PRODUCER_METRICS_PORT: String(metricsPort),
    });
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('add --create-topic')]);
  });
});
