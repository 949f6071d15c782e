import { randomBytes } from 'node:crypto';
import type { EventGateway, Position } from '../../api/ports.ts';
import type { ProfileReader } from '../../consumers/learner/profiles.ts';
import type { Clock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { keyOfUser } from '../../core/user-key.ts';
import { openKafkaWriter } from '../../kafka/kafka-writer.ts';
import type { KafkaConnection } from '../../kafka/kafkajs-client.ts';
import type { DeliveryReport, LogWriter } from '../../kafka/log-writer.ts';
import { createRatingEncoder } from '../../schemas/rating-codec.ts';
import { createUserProfileEncoder } from '../../schemas/user-profile-codec.ts';

export interface GatewayOptions {
  readonly connection: KafkaConnection;
  readonly ratingsTopic: string;
  readonly usersTopic: string;
  /** ids that the registry gave to the contracts; asked for at the first write, and again when it did not answer */
  readonly ratingSchemaId: () => Promise<number>;
  readonly profileSchemaId: () => Promise<number>;
  /** longest wait for an acknowledgement, and then for this process to take a profile in */
  readonly timeoutMs: number;
  readonly slotOf: (partition: number) => number;
  readonly profiles: ProfileReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OpenGateway extends EventGateway {
  close(): Promise<void>;
}

/** Somebody waits for each answer: nothing is gained by waiting for company. */
const LINGER_MS = 1;
const CLOSE_DEADLINE_MS = 5_000;

/** @throws ReelstreamError `unavailable` when no broker answers in time, `kafka` when a topic does not exist */
export async function openGateway(options: GatewayOptions): Promise<OpenGateway> {
  const { ratingsTopic, usersTopic, profiles, slotOf, clock, timeoutMs } = options;
  const events = await openAwaited(options, ratingsTopic);
  const people = await openAwaited(options, usersTopic);
  const eventEncoder = onceAnswered(async () => createRatingEncoder(await options.ratingSchemaId()));
  const profileEncoder = onceAnswered(async () => createUserProfileEncoder(await options.profileSchemaId()));
  return {
    async writeEvent(event, eventId = createEventId(clock.nowMs())): Promise<Position> {
      const encode = await eventEncoder();
      const value = encode({ ...event, eventId });
      const { partition, offset } = await events.write(keyOfUser(event.userId), value);
      return { slot: slotOf(partition), offset };
    },
    async writeProfile(userId, profile) {
      const encode = await profileEncoder();
      const value = profile && encode({ userId, ...profile, tsMs: clock.nowMs() });
      const { partition, offset } = await people.write(keyOfUser(userId), value);
      if (await profiles.reached(partition, offset, timeoutMs)) return;
      throw new ReelstreamError(
        'timeout',
        `${usersTopic}: written, and not read back within ${timeoutMs} ms`,
      );
    },
    async close() {
      await Promise.all([events.close(), people.close()]);
    },
  };
}

/** Keeps an answer, not a failure. */
function onceAnswered<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => {
    asked ??= ask().catch((error: unknown) => {
      asked = null;
      throw error;
    });
    return asked;
  };
}

interface AwaitedWriter {
  /** @throws ReelstreamError `unavailable` when the record failed, `timeout` when nobody knows */
  write(key: Buffer, value: Buffer | null): Promise<{ partition: number; offset: number }>;
  close(): Promise<void>;
}

/** A writer whose every record is waited for. */
async function openAwaited(options: GatewayOptions, topic: string): Promise<AwaitedWriter> {
  const { connection, timeoutMs, clock, logger } = options;
  const waiting = new Map<number, (report: DeliveryReport) => void>();
  let tags = 0;
  const writer: LogWriter = await openKafkaWriter({
    connection,
    topic,
    lingerMs: LINGER_MS,
    // sooner than the caller gives up, so that a failure is known as one
    deliveryTimeoutMs: timeoutMs,
    clock,
    logger,
    onReport(report) {
      waiting.get(report.tag)?.(report);
      waiting.delete(report.tag);
    },
  });
  return {
    async write(key, value) {
      const tag = tags++;
      const reported = new Promise<DeliveryReport>((resolve) => waiting.set(tag, resolve));
      try {
        if (!writer.tryWrite(key, value, tag)) throw away(topic, 'too much is waiting for Kafka already');
        const report = await withDeadline(reported, 2 * timeoutMs, clock, `writing to ${topic}`);
        if (report.error) throw away(topic, report.error.message);
        return { partition: report.partition, offset: report.offset };
      } finally {
        waiting.delete(tag);
      }
    },
    async close() {
      await writer.close(CLOSE_DEADLINE_MS);
    },
  };
}

function away(topic: string, why: string): ReelstreamError {
  return new ReelstreamError('unavailable', `${topic}: ${why}`);
}

/** A UUID of version 7 (RFC 9562): time, then chance. */
function createEventId(nowMs: number): Uint8Array {
  const id = randomBytes(16);
  id.writeUIntBE(nowMs, 0, 6);
  id[6] = (id[6]! & 0x0f) | 0x70;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}
