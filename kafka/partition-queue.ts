import { BATCH_HEADER_BYTES, BatchBuilder, type BatchIdentity, type Header } from './batch-builder.ts';
import { readRecordSet } from './record-batch.ts';
import { createTrouble, type Trouble } from './trouble.ts';

/** What the broker gave this client to be known by. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Records of one partition that go, fail and are acknowledged together. */
export interface PendingBatch {
  readonly builder: BatchBuilder;
  /** of its first record, monotonic */
  readonly createdAtMs: number;
  /** per record what the caller knows it by; null when nobody asked for reports */
  readonly tags: number[] | null;
  /** from its first try on; every other try is the same to the last bit */
  identity: BatchIdentity | null;
  /** a try got no answer */
  isUncertain: boolean;
  /** acknowledged or given up */
  isSettled: boolean;
}

/** Any number of batches, one after the other, of which one is under way at a time: order needs nothing else. */
export interface PartitionQueue {
  readonly partition: number;
  /** takes records; its batches are numbered with the identity they are sent under */
  open: PendingBatch | null;
  readonly full: PendingBatch[];
  underWay: PendingBatch | null;
  identity: ProducerIdentity | null;
  nextSequence: number;
  /** the broker could not take its batch, and the time to try again has not come */
  isBackingOff: boolean;
  readonly trouble: Trouble;
}

/** @param identity nobody has lost it yet, so any number of partitions may begin with it */
export const createPartitionQueue = (partition: number, identity: ProducerIdentity): PartitionQueue => ({
  partition,
  open: null,
  full: [],
  underWay: null,
  identity,
  nextSequence: 0,
  isBackingOff: false,
  trouble: createTrouble(),
});

export const createPendingBatch = (
  builder: BatchBuilder,
  createdAtMs: number,
  withTags: boolean,
): PendingBatch => ({
  builder,
  createdAtMs,
  tags: withTags ? [] : null,
  identity: null,
  isUncertain: false,
  isSettled: false,
});

/** The batch that is next, whether or not it could take more. */
export const nextOf = (queue: PartitionQueue): PendingBatch | null => queue.full[0] ?? queue.open;

/** Takes the next batch out of the queue and gives it its place among those of its identity. */
export function takeNext(queue: PartitionQueue): PendingBatch {
  const batch = queue.full.shift() ?? queue.open;
  if (!batch || !queue.identity) throw new Error(`nothing to send to partition ${queue.partition}`);
  if (batch === queue.open) queue.open = null;
  if (batch.identity === null) {
    batch.identity = { ...queue.identity, baseSequence: queue.nextSequence };
    // int32, and 0 comes after the largest. Source: KIP-98
    queue.nextSequence = (queue.nextSequence + batch.builder.count) & 0x7fffffff;
  }
  queue.underWay = batch;
  return batch;
}

/** For another try of the same. */
export function putBack(queue: PartitionQueue, batch: PendingBatch): void {
  queue.underWay = null;
  queue.full.unshift(batch);
}

/** It is not in the log and will not get there: its place is free for the next one. */
export function freePlace(queue: PartitionQueue, batch: PendingBatch): void {
  if (batch.identity) queue.nextSequence = batch.identity.baseSequence;
  batch.identity = null;
}

/** The broker does not know the identity any more, or must not: what was never tried with it needs another. */
export function dropIdentity(queue: PartitionQueue): void {
  queue.identity = null;
  queue.nextSequence = 0;
}

interface TakenRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly tsMs: number;
  readonly headers: readonly Header[];
}

const NOBODY: BatchIdentity = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

/** The records of a batch, out of its bytes. */
export function recordsOf({ builder, identity }: PendingBatch): TakenRecord[] {
  return readRecordSet(builder.seal(identity ?? NOBODY), 0).records.map((record) => ({
    key: record.key,
    value: record.value,
    tsMs: record.logTsMs,
    headers: [...(record.headers ?? [])].map(([name, text]) => ({
      name: Buffer.from(name),
      text: Buffer.from(text),
    })),
  }));
}

/** Two halves of a batch that is too large, in order. */
export function splitBatch(batch: PendingBatch): [PendingBatch, PendingBatch] {
  const records = recordsOf(batch);
  const middle = records.length >> 1;
  const half = (from: number, to: number): PendingBatch => {
    const part = createPendingBatch(
      new BatchBuilder(batch.builder.byteLength + BATCH_HEADER_BYTES),
      batch.createdAtMs,
      batch.tags !== null,
    );
    for (const { key, value, tsMs, headers } of records.slice(from, to)) {
      part.builder.append(key, value, tsMs, headers);
    }
    part.tags?.push(...batch.tags!.slice(from, to));
    return part;
  };
  return [half(0, middle), half(middle, records.length)];
}

/** Takes out of the queue what was begun before then, sent or not; what was sent may be in the log all the same. */
export function takeExpired(queue: PartitionQueue, bornBeforeMs: number): PendingBatch[] {
  const expired: PendingBatch[] = [];
  if (queue.underWay && queue.underWay.createdAtMs < bornBeforeMs) {
    expired.push(queue.underWay);
    queue.underWay = null;
  }
  for (let next = nextOf(queue); next && next.createdAtMs < bornBeforeMs; next = nextOf(queue)) {
    if (next === queue.open) queue.open = null;
    else queue.full.shift();
    expired.push(next);
  }
  // a number that will never come: nothing behind it would be taken
  if (expired.some(({ identity }) => identity !== null)) dropIdentity(queue);
  return expired;
}
