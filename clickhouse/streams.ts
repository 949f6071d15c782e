import { ReelstreamError } from '../core/errors.ts';
import { RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { type DrainOptions, drain, takeEpoch } from './fence.ts';
import type { PartitionIdentity, Slot } from './sink-store.ts';
import { beginOf, lineage, newestStream, openStream, readStreams, type StreamPartition } from './slots.ts';
import { type LastRow, lastRows, readPositions } from './standing.ts';

/**
 * Slots of these partitions. A topic that was never seen gets a stream; one with more partitions than recorded gets a new
 * stream whose slots go on behind the last offset of the old ones, so that nothing is counted twice.
 * @throws ReelstreamError `halted` when the topic has fewer partitions than recorded: Kafka cannot do that to a topic, so
 * it was re-created, and somebody has to say so
 */
export async function slotsOf(
  clickhouse: ClickHouse,
  partitions: readonly PartitionIdentity[],
  drainOptions: DrainOptions,
): Promise<Map<number, Slot>> {
  const [identity] = partitions;
  if (!identity) return new Map();
  const stream = await streamOf(clickhouse, identity, drainOptions);
  return new Map(
    partitions.map(({ partition }) => {
      const found = stream.find((one) => one.partition === partition);
      if (!found) throw new ReelstreamError('unavailable', `${identity.topic}[${partition}] has no slot`);
      return [partition, found.slot];
    }),
  );
}

async function streamOf(
  clickhouse: ClickHouse,
  identity: PartitionIdentity,
  drainOptions: DrainOptions,
): Promise<StreamPartition[]> {
  const { clusterId, topic, partitionCount } = identity;
  const newest = newestStream(await readStreams(clickhouse), clusterId, topic);
  const recorded = newest[0]?.partitionCount ?? 0;
  if (recorded === partitionCount) return newest;
  if (partitionCount < recorded) {
    throw new ReelstreamError(
      'halted',
      `${topic} has ${partitionCount} partitions, the tables know ${recorded}: it was re-created; ` +
        'if that was meant, run `reelstream recover --accept-new-topic`',
      { details: { topic, partitionCount, recorded } },
    );
  }
  await fenceOff(clickhouse, newest, drainOptions);
  return openStream(clickhouse, {
    replaces: newest[0]?.streamId ?? 0,
    clusterId,
    topic,
    partitionCount,
    startOffsets: await nextOffsets(clickhouse, newest),
  });
}

/** What the tables know of one partition of a topic. */
export interface KnownPartition {
  readonly partition: number;
  readonly slot: Slot;
  /** offset that the sink would read next, null = wherever the log starts */
  readonly next: number | null;
  /** its last row, or that of the slot it goes on from */
  readonly last: LastRow | null;
}

/** Partitions of the newest stream, empty for a topic that was never seen. */
export async function knownPartitions(
  clickhouse: ClickHouse,
  { clusterId, topic }: Pick<PartitionIdentity, 'clusterId' | 'topic'>,
): Promise<KnownPartition[]> {
  const streams = await readStreams(clickhouse);
  const stream = newestStream(streams, clusterId, topic);
  const nexts = await nextOffsets(clickhouse, stream);
  return Promise.all(
    stream.map(async ({ partition, slot }) => ({
      partition,
      slot,
      next: nexts.get(partition) ?? null,
      last: await lastInLineage(clickhouse, streams, slot),
    })),
  );
}

/** The last row of a slot, or else of the slots whose log it goes on with: what the log is compared with. */
export async function lastInLineage(
  clickhouse: ClickHouse,
  streams: readonly StreamPartition[],
  slot: Slot,
): Promise<LastRow | null> {
  const slots = lineage(streams, slot).map((one) => one.slot);
  const lasts = await lastRows(clickhouse, RAW_TABLE, slots);
  return slots.map((one) => lasts.get(one)).find((last) => last !== undefined) ?? null;
}

/**
 * Ends the topic's stream and begins another: from the start of the log after the topic was re-created, or at the given
 * offsets. Old rows stay. Whether that is right the caller has to know.
 */
export async function replaceStream(
  clickhouse: ClickHouse,
  { clusterId, topic, partitionCount }: Omit<PartitionIdentity, 'partition'>,
  startOffsets: ReadonlyMap<number, number>,
  drainOptions: DrainOptions,
): Promise<StreamPartition[]> {
  const newest = newestStream(await readStreams(clickhouse), clusterId, topic);
  await fenceOff(clickhouse, newest, drainOptions);
  const replaces = newest[0]?.streamId ?? 0;
  return openStream(clickhouse, { replaces, clusterId, topic, partitionCount, startOffsets });
}

/** Nothing may be added to the old slots any more, or the new ones would start in the middle of it. */
async function fenceOff(
  clickhouse: ClickHouse,
  stream: readonly StreamPartition[],
  drainOptions: DrainOptions,
): Promise<void> {
  if (stream.length === 0) return;
  const slots = stream.map(({ slot }) => slot);
  await takeEpoch(clickhouse, slots);
  await drain(clickhouse, slots, drainOptions);
}

/** Where the new slots go on; a partition without rows keeps the start it had. */
async function nextOffsets(
  clickhouse: ClickHouse,
  stream: readonly StreamPartition[],
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  const positions = await readPositions(
    clickhouse,
    stream.map(({ slot }) => slot),
  );
  for (const one of stream) {
    const position = positions.get(one.slot) ?? -1;
    const next = position >= 0 ? position + 1 : beginOf(one);
    if (next !== null) found.set(one.partition, next);
  }
  return found;
}
