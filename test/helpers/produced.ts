import { Kafka, logLevel } from 'kafkajs';
import { readEventId } from '../../core/event-id.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import { RATING_EVENT } from '../../schemas/contracts.ts';
import { createRatingDecoder } from '../../schemas/rating-codec.ts';
import { waitUntil } from './wait-until.ts';

/** What the producer's summary says, as far as tests look at it. */
export interface Summary {
  readonly runId: string;
  readonly seed: number;
  readonly generated: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly keptBack: number;
  readonly overloaded: number;
  readonly missed: number;
  readonly records: number;
  readonly first: number;
  readonly next: number;
  readonly stoppedBy: string;
  readonly achieved: number;
  readonly achievedRate: number;
  readonly targetRate: number;
  readonly scheduleDelay: Delays | null;
  readonly deliveryDelay: Delays | null;
  readonly byLabel: Readonly<Record<string, number>>;
  readonly error: { readonly code: string } | null;
}

interface Delays {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export const summaryOf = (stdout: string): Summary | null =>
  stdout === '' ? null : (JSON.parse(stdout) as Summary);

/** One record of a topic; `event` is null where the value is none. */
export interface Produced {
  readonly partition: number;
  readonly key: string;
  /** -1 where the record does not say */
  readonly number: number;
  readonly runId: string;
  readonly event: RatingEvent | null;
  readonly fault: string | null;
}

export async function recordsIn(admin: KafkaAdmin, topic: string): Promise<number> {
  return [...(await admin.bounds(topic)).values()].reduce((sum, { end }) => sum + end, 0);
}

/** Everything in the topic, by partition in order of offset. */
export async function readProduced(brokers: string, admin: KafkaAdmin, topic: string): Promise<Produced[]> {
  const expected = await recordsIn(admin, topic);
  const decoder = createRatingDecoder();
  const client = new Kafka({ brokers: [brokers], clientId: 'reader', logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: `reader-${topic}-${expected}`, maxWaitTimeInMs: 100 });
  const found: Produced[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message: { key, value, headers = {} } }) => {
      if (value && value.length >= 5 && value[0] === 0)
        decoder.learn(value.readInt32BE(1), RATING_EVENT.schema);
      const event = value === null ? null : (decoder.decode(value).event ?? null);
      const id = event && readEventId(event.eventId);
      const named = headers['reelstream-event'];
      found.push({
        partition,
        key: String(key),
        number: named === undefined ? (id?.eventNumber ?? -1) : Number(String(named)),
        runId: id?.runId ?? String(headers['reelstream-run'] ?? ''),
        event,
        fault: headers['reelstream-fault'] === undefined ? null : String(headers['reelstream-fault']),
      });
    },
  });
  await waitUntil(`all of ${topic} is read`, 30_000, () => found.length >= expected);
  await consumer.disconnect();
  return found;
}
