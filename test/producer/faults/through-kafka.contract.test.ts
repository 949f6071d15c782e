import type { KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDedupeWindow } from '../../../core/dedupe-window.ts';
import { createJudge } from '../../../core/judge.ts';
import { reasonOf } from '../../../core/verdict.ts';
import { createKafkaAdmin, type KafkaAdmin } from '../../../kafka/admin.ts';
import { openKafkaWriter } from '../../../kafka/kafka-writer.ts';
import { ratingsTopic } from '../../../kafka/topics.ts';
import { expectedOf } from '../../../producer/faults/expected.ts';
import { labelOf, POISON_FORMS } from '../../../producer/faults/fault.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createFaultPlan } from '../../../producer/faults/plan.ts';
import { UNKNOWN_SCHEMA_ID } from '../../../producer/faults/poison.ts';
import { RATING_EVENT } from '../../../schemas/contracts.ts';
import { createRatingDecoder } from '../../../schemas/rating-codec.ts';
import { sharedKafka } from '../../helpers/shared.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { connectionTo, freshName, plainKafka } from '../../kafka/log-fixture.ts';
import { play, RUN_ID, SCHEMA_ID } from './faulty-run.ts';

const TOPIC = freshName('faults');
const PARTITIONS = 2;
const SKEWED_TO = 1;

/** Clients have their own ideas about empty values, large records and headers: what arrives is what counts. */
describe('faults through Kafka', () => {
  let brokers: string;
  let admin: KafkaAdmin;
  beforeAll(async () => {
    brokers = await sharedKafka();
    admin = createKafkaAdmin({ connection: connectionTo(brokers) });
    await admin.ensureTopics([ratingsTopic(TOPIC, PARTITIONS)]);
  });
  afterAll(() => admin?.close());

  it('arrive as they were made, are judged as the table says, and say which event they are', async () => {
    const specs = [
      ...POISON_FORMS.map((form) => `poison=100%:${form}`),
      'duplicate=100%:2:1ms',
      `key-skew=100%:${SKEWED_TO}`,
    ];
    const events = specs.flatMap((text, n) => play(createFaultPlan(parseFaults([text]).specs, 1), [n]));
    const sent = events.flatMap(({ n, fault, emissions }) =>
      emissions.map((emission, copy) => ({ n, fault: fault!, copy, ...emission })),
    );
    const writer = await openKafkaWriter({ connection: connectionTo(brokers), topic: TOPIC });
    for (const { key, value, headers, partition } of sent) {
      expect(writer.tryWrite(key, value, 0, { headers, partition })).toBe(true);
    }
    expect(await writer.close(10_000)).toEqual({ enqueued: sent.length, acked: sent.length, failed: 0 });

    const arrived = await readAll(brokers, sent.length);
    expect(byContent(arrived)).toEqual(
      byContent(sent.map((one) => ({ ...one, headers: one.headers ?? {} }))),
    );
    expect(
      arrived.filter(({ headers }) => Object.keys(headers).length === 0).map(({ partition }) => partition),
    ).toEqual([SKEWED_TO]);
    const headed = sent.filter(({ headers }) => headers !== null);
    expect(headed.map(({ headers }) => headers!['reelstream-event'])).toEqual(
      headed.map(({ n }) => String(n)),
    );
    expect(new Set(headed.map(({ headers }) => headers!['reelstream-run']))).toEqual(new Set([RUN_ID]));
    expect(verdictsOf(arrived).sort()).toEqual(
      sent.map(({ fault, copy }) => Object.values(expectedOf(labelOf(fault), copy)).join(' ')).sort(),
    );
  });
});

interface Arrived {
  readonly partition: number;
  readonly offset: number;
  readonly logTsMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

async function readAll(brokers: string, count: number): Promise<Arrived[]> {
  const arrived: Arrived[] = [];
  const consumer = plainKafka(brokers).consumer({ groupId: freshName('group') });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => void arrived.push(toArrived(partition, message)),
  });
  await waitUntil('the records arrive', 30_000, () => arrived.length >= count).finally(() =>
    consumer.disconnect(),
  );
  return arrived;
}

function toArrived(partition: number, { key, value, headers, offset, timestamp }: KafkaMessage): Arrived {
  const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]);
  return {
    partition,
    offset: Number(offset),
    logTsMs: Number(timestamp),
    key,
    value,
    headers: Object.fromEntries(texts),
  };
}

/** Comparable whatever the partition and the order of arrival. */
function byContent(records: readonly Pick<Arrived, 'key' | 'value' | 'headers'>[]): string[] {
  return records
    .map(({ key, value, headers }) =>
      JSON.stringify([String(key), value?.toString('hex').slice(0, 400) ?? null, headers]),
    )
    .sort();
}

function verdictsOf(arrived: readonly Arrived[]): string[] {
  const decoder = createRatingDecoder();
  decoder.learn(SCHEMA_ID, RATING_EVENT.schema);
  decoder.learnUnknown(UNKNOWN_SCHEMA_ID);
  const judge = createJudge({ decode: decoder.decode, allowedLatenessMs: 0 });
  const windows = Array.from({ length: PARTITIONS }, () => createDedupeWindow());
  return arrived.map(({ partition, offset, logTsMs, key, value }) => {
    const { verdict } = judge({ offset, logTsMs, key, value }, windows[partition]!)!;
    return `${verdict.kind} ${reasonOf(verdict)}`;
  });
}
