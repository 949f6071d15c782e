import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Message, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../cli/verify/verify.ts';
import { systemClock } from '../../core/clock.ts';
import { createEventIds } from '../../core/event-id.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import type { LedgerFooter, LedgerHeader } from '../../producer/ledger/ledger.ts';
import { openLedgerWriter } from '../../producer/ledger/ledger-writer.ts';
import { loadClaims } from '../../producer/verify/load-claims.ts';
import { scanTopic } from '../../producer/verify/scan-topic.ts';
import {
  freshRating,
  MAX_RECORD_BYTES,
  openWorld,
  type SinkStack,
  type SinkWorld,
  startSinkStack,
} from '../consumers/fixture.ts';
import { runProgram } from '../helpers/program.ts';
import { connectionTo, plainKafka } from '../kafka/log-fixture.ts';

const RUN_ID = '0000000000ab1e5';
const eventId = createEventIds(RUN_ID);
const PARTITIONS = 2;
const CLEAN_EVENTS = 40;

let stack: SinkStack;
let world: SinkWorld;
let folder: string;
let header: LedgerHeader;

interface Sent {
  readonly n: number;
  readonly value: Buffer | null;
  readonly fault?: string;
}

const userOf = (n: number) => 1 + (n % 5);
const event = (n: number, changes: Partial<RatingEvent> = {}) =>
  stack.encode(freshRating({ eventId: eventId(n), userId: userOf(n), ...changes }));
const withoutMagic = (value: Buffer) => Buffer.concat([Buffer.of(9), value.subarray(1)]);
const ofUnknownSchema = (value: Buffer) => {
  const bytes = Buffer.from(value);
  bytes.writeInt32BE(999_999, 1);
  return bytes;
};

/** Every fault once, from the first event behind the clean ones on. */
const SPOILT: readonly (readonly [label: string, make: (n: number) => (Buffer | null)[]])[] = [
  ['late', (n) => [event(n, { tsMs: Date.UTC(2020, 1, 1) })]],
  ['drop', () => []],
  ['duplicate', (n) => [event(n), event(n), event(n)]],
  ['domain/rating_step', (n) => [event(n, { rating: 3.3 })]],
  ['poison/no_magic', (n) => [withoutMagic(event(n))]],
  ['poison/json', () => [Buffer.from('{"rating":5}')]],
  ['poison/unknown_schema', (n) => [ofUnknownSchema(event(n))]],
  ['poison/truncated', (n) => [event(n).subarray(0, 12)]],
  ['poison/empty', () => [Buffer.alloc(0)]],
  ['poison/tombstone', () => [null]],
  ['poison/trailing', (n) => [Buffer.concat([event(n), Buffer.of(0)])]],
  ['poison/oversize', () => [Buffer.alloc(MAX_RECORD_BYTES + 1)]],
  ['clock_skew/too_fast', (n) => [event(n, { tsMs: Date.now() + 3_600_000 })]],
];
const HEADED = /^(poison|duplicate)/;

function makeRun(): Sent[] {
  const clean = Array.from({ length: CLEAN_EVENTS }, (_, n): Sent => ({ n, value: event(n) }));
  const spoilt = SPOILT.flatMap(([label, make], i) =>
    make(CLEAN_EVENTS + i).map((value): Sent => {
      const n = CLEAN_EVENTS + i;
      return HEADED.test(label) ? { n, value, fault: label.split('/')[0]! } : { n, value };
    }),
  );
  return [...clean, ...spoilt];
}

async function send(sent: readonly Sent[]): Promise<void> {
  const producer = plainKafka(stack.kafka.brokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = sent.map(({ n, value, fault }): Message => {
    const headers = {
      'reelstream-run': RUN_ID,
      'reelstream-event': String(n),
      'reelstream-fault': fault ?? '',
    };
    const partition = userOf(n) % PARTITIONS;
    return { key: String(userOf(n)), value, partition, ...(fault ? { headers } : {}) };
  });
  await producer.send({ topic: world.topic, messages });
  await producer.disconnect();
}

const EVENTS = CLEAN_EVENTS + SPOILT.length;
const FOOTER: LedgerFooter = {
  generated: EVENTS,
  acknowledged: EVENTS - 1,
  failed: 0,
  overloaded: 0,
  byLabel: Object.fromEntries(SPOILT.map(([label]) => [label, 1])),
  stoppedBy: 'limit',
  elapsedMs: 1,
};

async function writeLedger(name: string, next = EVENTS, footer = FOOTER): Promise<string> {
  const path = join(folder, name);
  const writer = await openLedgerWriter(path, header);
  SPOILT.forEach(([label], i) => {
    writer.fault(CLEAN_EVENTS + i, label, label === 'duplicate' ? 2 : 0);
  });
  await writer.checkpoint(next, []);
  await writer.close(footer);
  return path;
}

async function headerNow(): Promise<LedgerHeader> {
  const bounds = await world.admin.bounds(world.topic);
  const startOffsets = Array.from({ length: PARTITIONS }, (_, partition) => bounds.get(partition)!.end);
  return {
    runId: RUN_ID,
    seed: 1,
    faultSeed: 1,
    first: 0,
    worker: 0,
    workers: 1,
    runAhead: 1_000,
    log: { clusterId: await world.admin.clusterId(), topic: world.topic, startOffsets },
    settings: '',
    schemaIds: [stack.schemaId],
    startedAtMs: Date.now(),
  };
}

const run = (...args: string[]) =>
  runProgram(['verify', ...args], {
    REELSTREAM_KAFKA_BROKERS: stack.kafka.brokers,
    REELSTREAM_CLICKHOUSE_URL: stack.clickhouse.url,
    REELSTREAM_CLICKHOUSE_DATABASE: world.db.database,
    REELSTREAM_DEAD_LETTER_TOPIC: world.deadLetterTopic,
  });

/** The same without a process. */
async function verified(path: string, { clickhouse = true, waitMs = 20_000 } = {}) {
  return verify(
    {
      connection: connectionTo(stack.kafka.brokers),
      admin: world.admin,
      clickhouse: clickhouse ? world.db : null,
      deadLetterTopic: world.deadLetterTopic,
      waitMs,
      clock: systemClock,
      onProgress() {},
    },
    await loadClaims([path]),
  );
}

const namesOf = ({ examples }: Awaited<ReturnType<typeof verified>>) =>
  examples.map(({ kind, event: n }) => `${kind} ${n}`);

let ledger: string;
let sink: { stop(): Promise<void> };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-verify-'));
  stack = await startSinkStack();
  world = await openWorld(stack, PARTITIONS);
  await world.produceRatings(0, 7);
  header = await headerNow();
  await send(makeRun());
  // somebody else's, in the middle of it
  await world.produceRatings(1, 3);
  ledger = await writeLedger('run');
  sink = await world.startSink();
});
afterAll(async () => {
  await world?.close();
  await stack?.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('reelstream verify', () => {
  it('proves a run that did what it wrote down', async () => {
    const { code, stdout, stderr } = await run('--ledger', ledger, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      exact: true,
      runId: RUN_ID,
      topic: world.topic,
      claimed: { acknowledged: EVENTS - 1, keptBack: 1, failed: 0 },
      log: { records: EVENTS + 1, events: EVENTS - 1, copies: 2, foreign: 3, unacknowledgedEvents: 0 },
    });
    const outcomes = Object.fromEntries(
      report.outcomes.map((one: { outcome: string; expected: number; rows: number; letters: number }) => [
        one.outcome,
        [one.expected, one.rows, one.letters],
      ]),
    );
    expect(outcomes).toEqual({
      ok: [CLEAN_EVENTS + 2, CLEAN_EVENTS + 2, 0],
      duplicate: [2, 2, 0],
      domain: [2, 2, 2],
      bad_magic: [3, 3, 3],
      unknown_schema: [1, 1, 1],
      decode: [2, 2, 2],
      trailing_bytes: [1, 1, 1],
      too_large: [1, 1, 1],
    });
  });

  it('trusts nothing behind the last whole checkpoint', async () => {
    const path = await writeLedger('torn');
    truncateSync(path, (await loadClaims([path])).files[0]!.trustedBytes - 3);
    expect(await verified(path)).toMatchObject({
      exact: true,
      ledgers: [{ closed: false, tornBytes: expect.any(Number) }],
    });
  });

  it('names an event that was acknowledged and is not there', async () => {
    const { generated, acknowledged } = FOOTER;
    const more = { ...FOOTER, generated: generated + 1, acknowledged: acknowledged + 1 };
    const { code, stdout } = await run('--ledger', await writeLedger('boast', EVENTS + 1, more));
    expect(code).toBe(1);
    expect(stdout).toContain(`missing event ${EVENTS}: expected 1 record, found 0 records`);
    expect(stdout).toContain('NOT verified: 1 difference,');
  });

  it('says whom it cannot believe, and whom it cannot ask', async () => {
    const path = join(folder, 'no-ledger');
    writeFileSync(path, 'userId,movieId\n1,2\n');
    expect(await run('--ledger', path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no ledger'),
    });
    expect(await run('--ledger', join(folder, 'none'))).toMatchObject({ code: 2 });
    const env = { REELSTREAM_KAFKA_BROKERS: '127.0.0.1:1' };
    expect(await runProgram(['verify', '--ledger', ledger], env)).toMatchObject({ code: 3 });
  });

  it('names the events whose rows are gone or say otherwise', async () => {
    const where = (n: number) => `event_id = unhex('${Buffer.from(eventId(n)).toString('hex')}')`;
    const settings = { mutations_sync: 1 };
    await world.db.command(`ALTER TABLE events_raw DELETE WHERE ${where(5)}`, { settings });
    await world.db.command(
      `ALTER TABLE events_raw UPDATE verdict = 'drop', reason = 'canary' WHERE ${where(6)}`,
      { settings },
    );
    const found = await verified(ledger);
    expect(namesOf(found)).toEqual(['row_missing 5', 'verdict 6']);
    const before = [0, 1, 2, 3, 4].filter((n) => userOf(n) % PARTITIONS === userOf(5) % PARTITIONS);
    const offset = header.log!.startOffsets[userOf(5) % PARTITIONS]! + before.length;
    expect(found.examples).toMatchObject([
      { partition: userOf(5) % PARTITIONS, offset, expected: 'ok', found: 'no row' },
      { expected: 'ok', found: 'canary' },
    ]);
    expect((await verified(ledger, { clickhouse: false })).exact).toBe(true);
  });

  it('names the event that was written twice', async () => {
    await send([{ n: 8, value: event(8) }]);
    const found = await verified(ledger, { clickhouse: false });
    expect(namesOf(found)).toEqual(['duplicate 8']);
  });

  it('waits for the sink so long and no longer', async () => {
    await sink.stop();
    await world.produceRatings(1, 1);
    const header2 = header;
    header = await headerNow();
    const empty = join(folder, 'empty');
    await (await openLedgerWriter(empty, header)).close({
      ...FOOTER,
      generated: 0,
      acknowledged: 0,
      byLabel: {},
    });
    header = header2;
    expect((await verified(empty)).exact).toBe(true);
    await world.produceRatings(1, 1);
    await expect(verified(empty, { waitMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
    // what the log alone refutes is said nevertheless
    expect(await verified(ledger, { waitMs: 300 })).toMatchObject({
      exact: false,
      notCompared: expect.stringContaining('the sink is not through'),
    });
  });

  it('says that retention was faster', async () => {
    const admin = plainKafka(stack.kafka.brokers).admin();
    await admin.connect();
    // the library looks the leader up in metadata that only this call loads
    await admin.fetchTopicOffsets(world.topic);
    await admin.deleteTopicRecords({ topic: world.topic, partitions: [{ partition: 0, offset: '9' }] });
    await admin.disconnect();
    await expect(verified(ledger)).rejects.toMatchObject({
      code: 'bad_data',
      message: expect.stringContaining('retention has deleted'),
    });
  });

  it('does not read for ever what cannot be read', async () => {
    const scan = (from: number) =>
      scanTopic(
        {
          connection: connectionTo(stack.kafka.brokers),
          topic: world.topic,
          ranges: new Map([[0, { from, to: from + 5 }]]),
          stallTimeoutMs: 1_500,
        },
        () => {},
      );
    await expect(scan(0)).rejects.toMatchObject({ code: 'halted' });
  });
});
