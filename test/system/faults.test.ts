import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { DEAD_LETTER_HEADERS } from '../../kafka/dead-letter-record.ts';
import { expectedOf, FAULT_LABELS } from '../../producer/faults/expected.ts';
import type { RunClaims } from '../../producer/verify/claims.ts';
import { loadClaims } from '../../producer/verify/load-claims.ts';
import { startTestPipeline, type TestPipeline } from '../helpers/pipeline.ts';
import { recordsIn, summaryOf } from '../helpers/produced.ts';
import type { RunningService } from '../helpers/program.ts';
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

type Counts = Readonly<Record<string, number>>;

let world: TestPipeline;
let sink: RunningService | undefined;
beforeAll(async () => {
  world = await startTestPipeline();
}, 120_000);
afterAll(async () => {
  await sink?.kill();
  await world?.remove();
}, 60_000);

describe(`${EVENTS} events with every fault on`, () => {
  it('become exactly the verdicts and dead letters that the ledger asks for', async () => {
    const ledger = join(world.environment.REELSTREAM_HOME!, 'faults.ledger');
    // at once: the sink begins with the first record anyhow
    const starting = world.startSink().then((service) => {
      sink = service;
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
    expect((await (await starting).stop()).code).toBe(0);
  });
});

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
