import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { ratingsTopic } from '../../kafka/topics.ts';
import { recordsIn, type Summary, summaryOf } from '../helpers/produced.ts';
import { runProgram, startService } from '../helpers/program.ts';
import { sharedRegistry } from '../helpers/shared.ts';
import { startTestKafka, type TestKafka } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const RATE = 10_000;
const RUN_SECONDS = 12;
const STALL_MS = 3_000;
const BEFORE_STALL_MS = 3_000;

/** its own: it is frozen here, which nobody else must notice */
let kafka: TestKafka;
let registryUrl: string;
let admin: KafkaAdmin;
let folder: string;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-honesty-'));
  kafka = await startTestKafka();
  registryUrl = await sharedRegistry();
  admin = createKafkaAdmin({ connection: { brokers: [kafka.brokers], clientId: 'test' } });
  port = await findFreePort();
});
afterAll(async () => {
  await admin?.close();
  await kafka?.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Stalled {
  readonly code: number | null;
  readonly summary: Summary;
  readonly records: number;
  verify(ledger: string): Promise<number | null>;
}

/** A run whose broker is frozen for three seconds in its middle. */
async function runThroughStall(topic: string, options: readonly string[] = []): Promise<Stalled> {
  await admin.ensureTopics([ratingsTopic(topic, 4)]);
  const environment = {
    REELSTREAM_HOME: folder,
    REELSTREAM_KAFKA_BROKERS: kafka.brokers,
    REELSTREAM_REGISTRY_URL: registryUrl,
    REELSTREAM_RATINGS_TOPIC: topic,
    REELSTREAM_PRODUCER_METRICS_PORT: String(port),
  };
  const service = await startService(
    ['produce', '--rate', String(RATE), '--for', `${RUN_SECONDS}s`, '--json', ...options],
    environment,
    null,
  );
  await waitUntil('it sends', 30_000, async () => (await recordsIn(admin, topic)) > 0);
  await new Promise((resolve) => setTimeout(resolve, BEFORE_STALL_MS));
  kafka.pause();
  await new Promise((resolve) => setTimeout(resolve, STALL_MS));
  kafka.resume();
  const { code, stdout } = await service.finished;
  return {
    code,
    summary: summaryOf(stdout)!,
    records: await recordsIn(admin, topic),
    verify: async (ledger) =>
      (await runProgram(['verify', '--ledger', ledger, '--no-clickhouse'], environment)).code,
  };
}

/**
 * What an honest measurement says of the stall: a quarter of the events was intended during it, evenly, so that one in
 * twelve waited for more than two seconds.
 */
function expectStallToShow({ deliveryDelay }: Summary): void {
  expect(deliveryDelay!.p99Ms).toBeGreaterThan(2_000);
  expect(deliveryDelay!.maxMs).toBeGreaterThan(2_500);
}

describe(`a broker that is frozen for ${STALL_MS / 1_000} s at ${RATE} events per second`, () => {
  it('shows in the reported delay, costs no event, and is caught up', async () => {
    const ledger = join(folder, 'open.ledger');
    const { code, summary, records, verify } = await runThroughStall('open', ['--ledger', ledger]);
    expectStallToShow(summary);
    expect(summary).toMatchObject({ failed: 0, inFlight: 0, missed: 0, overloaded: 0, stoppedBy: 'limit' });
    expect(summary.generated).toBeGreaterThan(RATE * RUN_SECONDS * 0.99);
    expect(summary.acknowledged).toBe(summary.generated);
    expect(summary.achieved).toBeGreaterThan(0.95);
    expect(code).toBe(0);
    expect(records).toBe(summary.generated);
    expect(await verify(ledger)).toBe(0);
  });

  it('would be hidden by a closed loop, which waits with its clock: the same check fails on it', async () => {
    // few events under way, as a client has that waits for its answers, and each counted from when it was sent
    const { summary, code } = await runThroughStall('closed', ['--overload', 'block', '--run-ahead', '100']);
    expect(() => expectStallToShow(summary)).toThrow(/to be greater than 2000/);
    expect(summary.deliveryDelay!.p99Ms).toBeLessThan(1_000);
    // what it hides it must confess elsewhere: a quarter of the events was never sent
    expect(summary.missed).toBeGreaterThan(RATE * 2);
    expect(code).toBe(1);
  });
});
