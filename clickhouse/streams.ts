import { ReelstreamError } from '../core/errors.ts';
import { RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import { type DrainOptions, drain, takeEpoch } from './fence.ts';
import type { PartitionIdentity, Slot } from './sink-store.ts';
import { newestStream, openStream, readStreams, type StreamPartition } from './slots.ts';
import { lastRows } from './standing.ts';

/**
 * Slots of these partitions. A topic that was never seen gets a stream; one with more partitions than recorded gets a new
 * stream whose slots go on behind the last offset of the old ones, so that nothing is counted twice.
 * @throws ReelstreamError `halted` when the topic has fewer partitions than recorded: Kafka cannot do that to a topic, so
 * it was re-created, and somebody has to say so (`acceptNewTopic`)
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
    startOffsets: await endOffsets(clickhouse, newest),
  });
}

/** The topic was re-created on purpose: its records begin a new stream from the start of the log. Old rows stay. */
export async function acceptNewTopic(
  clickhouse: ClickHouse,
  { clusterId, topic, partitionCount }: Omit<PartitionIdentity, 'partition'>,
  drainOptions: DrainOptions,
): Promise<StreamPartition[]> {
  const newest = newestStream(await readStreams(clickhouse), clusterId, topic);
  await fenceOff(clickhouse, newest, drainOptions);
  const replaces = newest[0]?.streamId ?? 0;
  return openStream(clickhouse, { replaces, clusterId, topic, partitionCount, startOffsets: new Map() });
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
async function endOffsets(
  clickhouse: ClickHouse,
  stream: readonly StreamPartition[],
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  const slots = stream.map(({ slot }) => slot);
  const lasts = await lastRows(clickhouse, RAW_TABLE, slots);
  for (const { slot, partition, startOffset } of stream) {
    const last = lasts.get(slot);
    const next = last ? last.offset + 1 : startOffset;
    if (next !== null) found.set(partition, next);
  }
  return found;
}
