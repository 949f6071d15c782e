import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { createPartitionWriter, type PartitionRecord } from '../../kafka/partition-writer.ts';
import type { Settings } from '../../runtime/settings.ts';
import { kafkaConnectionFrom } from '../wiring.ts';
import type { Undo } from './drill-case.ts';

const TICK_MS = 100;

/** Puts records into the ratings topic until undone, so many per second, over all partitions in turn. */
export async function sendRecords(
  settings: Settings,
  perSecond: number,
  make: () => Buffer,
  clock: Clock,
): Promise<Undo> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const partitions = settings.REELSTREAM_RATINGS_PARTITIONS;
  const writer = createPartitionWriter(kafkaConnectionFrom(settings, 'reelstream-drill'), topic);
  let n = 0;
  const undo = repeat(clock, TICK_MS, async () => {
    const records = Array.from(
      { length: Math.ceil((perSecond * TICK_MS) / 1_000) },
      (): PartitionRecord => ({ partition: n++ % partitions, value: make() }),
    );
    await writer.write(records);
  });
  return async () => {
    await undo();
    await writer.close();
  };
}

/** One record where it is wanted. */
export async function sendOne(settings: Settings, record: PartitionRecord): Promise<void> {
  const connection = kafkaConnectionFrom(settings, 'reelstream-drill');
  const writer = createPartitionWriter(connection, settings.REELSTREAM_RATINGS_TOPIC);
  try {
    await writer.write([record]);
  } finally {
    await writer.close();
  }
}

/** The worst or the best, by chance: nobody could have foreseen it. */
export function whim(nowMs: number): RatingEvent {
  return {
    eventId: randomBytes(16),
    userId: 1 + randomInt(600),
    movieId: 1 + randomInt(1_000),
    kind: 'RATED',
    rating: randomInt(2) === 0 ? 0.5 : 5,
    tsMs: nowMs,
    source: 'drill',
  };
}

/** Does it again and again until undone; a failure ends it, and is told by the undo. */
export function repeat(clock: Clock, everyMs: number, work: () => Promise<unknown>): Undo {
  const over = new AbortController();
  const loop = async () => {
    while (!over.signal.aborted) {
      await work();
      await clock.sleep(everyMs, over.signal);
    }
  };
  const ended = loop();
  ended.catch(() => {});
  return async () => {
    over.abort();
    await ended;
  };
}
