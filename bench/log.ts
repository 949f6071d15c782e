import type { RatingEvent } from '../core/rating-event.ts';
import { createKafkaAdmin } from '../kafka/admin.ts';
import { openKafkaWriter } from '../kafka/kafka-writer.ts';
import type { KafkaConnection } from '../kafka/kafkajs-client.ts';
import { createKafkajsReader } from '../kafka/kafkajs-reader.ts';
import { ratingsTopic } from '../kafka/topics.ts';
import { RATING_EVENT } from '../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../schemas/rating-codec.ts';

export interface LogBench {
  readonly events: number;
  readonly eventBytes: number;
  readonly write: { readonly eventsPerSecond: number; readonly cpuMicros: number };
  /** from the log's start to its end, without and with decoding */
  readonly read: { readonly eventsPerSecond: number; readonly cpuMicros: number };
  readonly readAndDecode: { readonly eventsPerSecond: number; readonly cpuMicros: number };
}

const PARTITIONS = 4;
const SCHEMA_ID = 1;

/** Rating events into a topic of their own and out again, by the product's drivers in this process; CPU is this process's. */
export async function benchLog(connection: KafkaConnection, events: number): Promise<LogBench> {
  const topic = `bench-${process.pid}-${Date.now()}`;
  const admin = createKafkaAdmin({ connection });
  await admin.ensureTopics([ratingsTopic(topic, PARTITIONS)]);
  await admin.close();
  let eventBytes = 0;
  const write = await measure(events, async () => {
    eventBytes = await writeAll(connection, topic, events);
  });
  const read = await measure(events, () => readAll(connection, topic, events, () => {}));
  const { decode, learn } = createRatingDecoder();
  learn(SCHEMA_ID, RATING_EVENT.schema);
  const readAndDecode = await measure(events, () =>
    readAll(connection, topic, events, (value) => {
      if (!decode(value).event) throw new Error('an event of the bench does not decode');
    }),
  );
  return { events, eventBytes, write, read, readAndDecode };
}

async function writeAll(connection: KafkaConnection, topic: string, events: number): Promise<number> {
  const encode = createRatingEncoder(SCHEMA_ID);
  const writer = await openKafkaWriter({ connection, topic });
  let bytes = 0;
  for (let n = 0; n < events; n++) {
    const event = eventNumber(n);
    const value = encode(event);
    bytes = value.length;
    const key = Buffer.from(String(event.userId));
    while (!writer.tryWrite(key, value)) await writer.room();
    if (n % 5_000 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const { acked } = await writer.flush(60_000);
  await writer.close(1_000);
  if (acked !== events) throw new Error(`${acked} of ${events} acknowledged`);
  return bytes;
}

async function readAll(
  connection: KafkaConnection,
  topic: string,
  events: number,
  use: (value: Buffer | null) => void,
): Promise<void> {
  const reader = createKafkajsReader({ connection, topic, groupId: `${topic}-${performance.now()}` });
  let left = events;
  await new Promise<void>((resolve, reject) => {
    reader
      .start({
        onAssigned(partitions) {
          for (const partition of partitions) reader.seek(partition, 0);
          reader.resume(partitions);
        },
        async onRevoked() {},
        onLost: () => reject(new Error('the bench lost its partitions')),
        async onFetch({ records }) {
          for (const { value } of records) use(value);
          left -= records.length;
          if (left === 0) resolve();
        },
        onFatal: reject,
      })
      .catch(reject);
  });
  await reader.stop();
}

async function measure(events: number, work: () => Promise<void>) {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startedMs) / 1_000;
  return { eventsPerSecond: Math.round(events / seconds), cpuMicros: (user + system) / events };
}

function eventNumber(n: number): RatingEvent {
  const eventId = Buffer.alloc(16);
  eventId.writeUInt32BE(n, 12);
  return {
    eventId,
    userId: 1 + (n % 610),
    movieId: 318,
    kind: 'RATED',
    rating: 4.5,
    tsMs: 1_700_000_000_000,
    source: 'live',
  };
}
