import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriesBounds } from '../../cli/service-metrics.ts';
import { countSeries } from '../../core/series-bound.ts';
import { FAULT_REASONS } from '../../core/verdict.ts';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { DEAD_LETTER_HEADERS } from '../../kafka/dead-letter-record.ts';
import { expectedOf, FAULT_LABELS } from '../../producer/faults/expected.ts';
import type { RunClaims } from '../../producer/verify/claims.ts';
import { loadClaims } from '../../producer/verify/load-claims.ts';
import { readSettings } from '../../runtime/settings.ts';
import { type FaultCounts, type FaultTable, NO_FAULTS_LEFT, readFaultTable } from '../helpers/fault-table.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';
import { recordsIn, summaryOf } from '../helpers/produced.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';
import { startTestPrometheus, type TestProcess } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const isFull = process.env.REELSTREAM_TEST_FULL === '1';
const EVENTS = isFull ? 1_000_000 : 120_000;
const RATE = isFull ? 20_000 : 15_000;
const DEAD_LETTER_TOPIC = 'ratings.dead-letter';
/** Forms that `--fault all` never has at once, for a person's clock is either too fast or not. */
const ABSENT = ['clock_skew/tolerated'];

const RUN = [
  ...['--rate', String(RATE), '--count', String(EVENTS), '--seed', '11', '--min-achieved', '0'],
  ...['--new-users', '0.002', '--new-films', '0.0005', '--re-ratings', '0.02', '--watches', '0.1'],
  // an oversize record is a megabyte, so poison is rare; enough people for some to have a clock that is off
  ...['--users', '1-20000', '--refer-after', '100000', '--fault', 'all'],
  ...['--fault', 'poison=0.04%:no_magic,unknown_schema,truncated,empty,json,oversize,tombstone,trailing'],
  ...['--fault', 'schema-switch@3s', '--fault', 'schema-refused@5s'],
];

/** The dashboard misses nothing that may be on its way for 90 seconds. */
const BEYOND_PATIENCE_SECONDS = 91;

type Counts = Readonly<Record<string, number>>;

let world: TestPipeline;
let prometheus: TestProcess | undefined;
let consoleUrl: string;
const services: RunningService[] = [];
beforeAll(async () => {
  const [prometheusPort, reconcilerPort, consolePort] = (await findFreePorts(3)) as [number, number, number];
  world = await startTestPipeline({
    REELSTREAM_PROMETHEUS_PORT: String(prometheusPort),
    REELSTREAM_RECONCILER_METRICS_PORT: String(reconcilerPort),
    REELSTREAM_RECONCILER_INTERVAL_MS: '1000',
    // they would be in the tables as well
    REELSTREAM_RECONCILER_CANARY_INTERVAL_MS: '0',
    REELSTREAM_CONSOLE_PORT: String(consolePort),
  });
  consoleUrl = `http://127.0.0.1:${consolePort}`;
  const { REELSTREAM_PRODUCER_METRICS_PORT: producerPort } = world.environment;
  const watching = await Promise.all([
    startService(['reconcile'], world.environment, `http://127.0.0.1:${reconcilerPort}/healthz`),
    startService(['console'], world.environment, `${consoleUrl}/readyz`),
    startTestPrometheus(prometheusPort, [
      { job: 'reconciler', port: reconcilerPort },
      { job: 'producer', port: Number(producerPort) },
    ]).then((started) => {
      prometheus = started;
    }),
  ]);
  services.push(...watching.filter((one) => one !== undefined));
  // a run that began before the reconciler's first look is not judged
  const looked = `http://127.0.0.1:${prometheusPort}/api/v1/query?query=reelstream_recon_caught_until_timestamp_seconds`;
  await waitUntil('the reconciler has looked', 30_000, async () =>
    (await (await fetch(looked)).text()).includes('"ratings"'),
  );
}, 120_000);
afterAll(async () => {
  await Promise.all(services.map((service) => service.kill()));
  await prometheus?.remove();
  await world?.remove();
}, 60_000);

describe(`${EVENTS} events with every fault on`, () => {
  it('become exactly the verdicts and dead letters that the ledger asks for', async () => {
    const ledger = join(world.environment.REELSTREAM_HOME!, 'faults.ledger');
    // at once: the sink begins with the first record anyhow
    const starting = world.startSink().then((service) => {
      services.push(service);
      return service;
    });
    const { stdout } = await world.run(['produce', ...RUN, '--ledger', ledger, '--json']);
    const summary = summaryOf(stdout)!;
    expect(summary).toMatchObject({ generated: EVENTS, failed: 0, inFlight: 0, missed: 0 });

    const { claims } = await loadClaims([ledger]);
    expect(labelCounts(claims)).toEqual(summary.byLabel);
    expect(Object.keys(summary.byLabel).sort()).toEqual(
      FAULT_LABELS.filter((label) => !ABSENT.includes(label)).sort(),
    );
    // waits for the sink, which asks the registry about an unknown schema for 30 s
    await world.run(['verify', '--ledger', ledger, '--wait', '150s']);

    const expected = expectedOutcomes(claims, summary.acknowledged);
    expect(await verdictsInRaw()).toEqual(expected);
    expect(await distinctDeadLetters()).toEqual(deadLettersOf(expected));
    injected = byReason(expected);
    await starting;
  });

  it('are on the quality dashboard as injected and as caught, exactly', async () => {
    expect(Object.keys(injected)).toHaveLength(FAULT_REASONS.length);
    await untilTable({ injected, caught: injected, difference: NO_FAULTS_LEFT });
  });

  it('add up over runs', async () => {
    // long enough to be seen while it runs; what came after that is fetched before it ends
    const { stdout } = await world.run([...SMALL_RUN, '--rate', '300', '--seed', '7']);
    injected = plus(injected, faultsOf(stdout));
    await untilTable({ injected, caught: injected, difference: NO_FAULTS_LEFT });
  });

  it('that nobody says were injected are too many', async () => {
    const [elsewhere] = (await findFreePorts(1)) as [number];
    const { stdout } = await runProgram([...SMALL_RUN, '--rate', '5000', '--seed', '8'], {
      ...world.environment,
      REELSTREAM_PRODUCER_METRICS_PORT: String(elsewhere),
    });
    const others = faultsOf(stdout);
    const difference = { ...NO_FAULTS_LEFT, bad_magic: -others.bad_magic, duplicate: -others.duplicate };
    await untilTable({ injected, caught: plus(injected, others), difference });
  });

  it('of which the tables lost some are missed, a minute and a half later', async () => {
    await world.db.command(
      "ALTER TABLE agg_pipeline_minute DELETE WHERE reason = 'trailing_bytes' SETTINGS mutations_sync = 1",
    );
    const lost = injected.trailing_bytes!;
    await waitUntil('the reconciler has seen it', 20_000, async () => {
      const { caught } = await readFaultTable(consoleUrl);
      return caught.trailing_bytes === 0;
    });
    const { difference } = await readFaultTable(consoleUrl, BEYOND_PATIENCE_SECONDS);
    expect(difference).toMatchObject({ trailing_bytes: lost, decode: 0, domain: 0, too_large: 0 });
  });

  it('came from processes with no more series than the catalogue allows', async () => {
    const settings = readSettings(world.environment);
    const bounds = seriesBounds(settings);
    const ports = {
      sink: settings.REELSTREAM_SINK_METRICS_PORT,
      reconciler: settings.REELSTREAM_RECONCILER_METRICS_PORT,
      console: settings.REELSTREAM_CONSOLE_PORT,
    };
    for (const [service, port] of Object.entries(ports) as [keyof typeof ports, number][]) {
      const series = countSeries(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      expect(series, service).toBeLessThanOrEqual(bounds[service]);
    }
  });

  it('leave a sink that stops as it should', async () => {
    expect((await services.at(-1)!.stop()).code).toBe(0);
  });
});

const SMALL_RUN = [
  ...['produce', '--json', '--min-achieved', '0', '--count', '900'],
  ...['--fault', 'poison=5%:no_magic', '--fault', 'duplicate=5%:2:100ms'],
];
let injected: Partial<FaultCounts> = {};

type SmallFaults = Pick<FaultCounts, 'bad_magic' | 'duplicate'>;

function faultsOf(stdout: string): SmallFaults {
  const { 'poison/no_magic': poison = 0, duplicate = 0 } = summaryOf(stdout)!.byLabel;
  expect(Math.min(poison, duplicate)).toBeGreaterThan(0);
  return { bad_magic: poison, duplicate: 2 * duplicate };
}

const plus = (some: Partial<FaultCounts>, more: SmallFaults): Partial<FaultCounts> => ({
  ...some,
  bad_magic: some.bad_magic! + more.bad_magic,
  duplicate: some.duplicate! + more.duplicate,
});

async function untilTable(expected: FaultTable): Promise<void> {
  let seen: FaultTable | null = null;
  await waitUntil(
    () => `${JSON.stringify(expected)}\nand not ${JSON.stringify(seen)}`,
    20_000,
    async () => {
      seen = await readFaultTable(consoleUrl);
      return isDeepStrictEqual(seen, expected);
    },
  );
  // and it stays so when nothing can be on its way any more
  expect(await readFaultTable(consoleUrl, BEYOND_PATIENCE_SECONDS)).toEqual(expected);
}

function byReason(outcomes: Counts): Partial<FaultCounts> {
  return Object.fromEntries(
    Object.entries(outcomes).flatMap(([outcome, count]) => {
      const reason = outcome.split(' ')[1]!;
      return reason === 'none' ? [] : [[reason, count]];
    }),
  );
}

function labelCounts({ faults }: RunClaims): Counts {
  const counts: Record<string, number> = {};
  for (const { label } of faults.values()) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** `verdict reason` -> records, by what the ledger says was done to which event. */
function expectedOutcomes({ faults }: RunClaims, acknowledged: number): Counts {
  const counts: Record<string, number> = {};
  const add = (label: string, copy: number) => {
    const { verdict, reason } = expectedOf(label, copy);
    if (verdict === 'none') return;
    counts[`${verdict} ${reason}`] = (counts[`${verdict} ${reason}`] ?? 0) + 1;
  };
  let labelled = 0;
  for (const { label, copies } of faults.values()) {
    if (label !== 'drop') labelled += 1;
    for (let copy = 0; copy <= copies; copy++) add(label, copy);
  }
  return { ...counts, 'ok none': (counts['ok none'] ?? 0) + acknowledged - labelled };
}

function deadLettersOf(outcomes: Counts): Counts {
  return Object.fromEntries(
    Object.entries(outcomes).flatMap(([outcome, count]) => {
      const [verdict, reason] = outcome.split(' ') as [string, string];
      return verdict === 'dead_letter' ? [[reason, count]] : [];
    }),
  );
}

async function verdictsInRaw(): Promise<Counts> {
  const rows = await world.db.query<{ verdict: string; reason: string; n: string }>(
    'SELECT verdict, reason, count() AS n FROM events_raw GROUP BY verdict, reason',
  );
  return Object.fromEntries(rows.map(({ verdict, reason, n }) => [`${verdict} ${reason}`, Number(n)]));
}

/** By reason, over distinct coordinates: a letter may be there twice, what it is about only once. */
async function distinctDeadLetters(): Promise<Counts> {
  const admin = createKafkaAdmin({ connection: { brokers: [world.kafka.brokers], clientId: 'test' } });
  const total = await recordsIn(admin, DEAD_LETTER_TOPIC).finally(() => admin.close());
  const client = new Kafka({ brokers: [world.kafka.brokers], logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: 'letters', maxWaitTimeInMs: 100 });
  const reasons = new Map<string, string>();
  let seen = 0;
  await consumer.connect();
  await consumer.subscribe({ topic: DEAD_LETTER_TOPIC, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { headers = {} } }) => {
      const of = (name: keyof typeof DEAD_LETTER_HEADERS) => String(headers[DEAD_LETTER_HEADERS[name]]);
      reasons.set(`${of('topic')} ${of('partition')} ${of('offset')}`, of('reason'));
      seen += 1;
    },
  });
  await waitUntil('all dead letters read', 60_000, () => seen >= total).finally(() => consumer.disconnect());
  const counts: Record<string, number> = {};
  for (const reason of reasons.values()) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
