import { ReelstreamError } from '../../core/errors.ts';
import { valueHashOf } from '../../core/value-hash.ts';
import type { LogProbe } from '../log-probe.ts';
import type { Landmark, Learned, StreamIdentity } from './learner-state.ts';

const WAY_OUT =
  '`reelstream recommender --from-start` forgets what was learned and learns from the log as it is';

export function hashOf(value: Uint8Array | null): string {
  return valueHashOf(value).toString(16).padStart(16, '0');
}

/** @throws ReelstreamError `halted` when this is another topic than the one that was learned from */
export function requireSameStream(
  known: StreamIdentity,
  found: StreamIdentity,
  knownPartitions: number,
  partitionCount: number,
): void {
  const { clusterId, topic } = known;
  if (clusterId !== found.clusterId || topic !== found.topic) {
    throw new ReelstreamError(
      'halted',
      `learned from topic ${topic} of cluster ${clusterId}, not from ${found.topic} of ${found.clusterId}: ${WAY_OUT}`,
    );
  }
  if (partitionCount < knownPartitions) {
    throw new ReelstreamError(
      'halted',
      `${topic} has ${partitionCount} partitions, ${knownPartitions} were learned from: it was re-created; ${WAY_OUT}`,
    );
  }
}

/**
 * Holds one partition of the log against what was learned of it.
 * @param needed the log must reach up to this offset
 * @returns why it must not be read on, null when it may
 */
export async function whyNotReadable(
  probe: LogProbe,
  topic: string,
  { partition, position, last }: Pick<Learned, 'partition' | 'position' | 'last'>,
  needed = position,
): Promise<string | null> {
  const where = `${topic}[${partition}]`;
  const bounds = (await probe.bounds(topic)).get(partition);
  if (!bounds) return `${where}: Kafka does not know this partition; ${WAY_OUT}`;
  if (bounds.start > position) {
    return (
      `${where}: records ${position} to ${bounds.start - 1} are gone from the log and were not learned; ` +
      `raise the retention of the topic; ${WAY_OUT}`
    );
  }
  if (bounds.end < needed) {
    return (
      `${where}: the log ends at ${bounds.end}, ${needed} was reached before; ` +
      `the topic was truncated or re-created; ${WAY_OUT}`
    );
  }
  if (last === null || last.offset < bounds.start || (await holds(probe, topic, partition, last)))
    return null;
  return `${where}: the record at offset ${last.offset} is not the one that was learned; the topic was re-created; ${WAY_OUT}`;
}

async function holds(probe: LogProbe, topic: string, partition: number, last: Landmark): Promise<boolean> {
  const record = await probe.recordAt(topic, partition, last.offset);
  // retention may have taken it while we were asking
  if (record === null) return ((await probe.bounds(topic)).get(partition)?.start ?? 0) > last.offset;
  return record.logTsMs === last.logTsMs && hashOf(record.value) === last.valueHash;
}

/** A run that was journaled is not what the log holds now. */
export function anotherRecord(topic: string, partition: number, offset: number): ReelstreamError {
  return new ReelstreamError(
    'halted',
    `${topic}[${partition}]: the record at offset ${offset} is not the one in the journal; the topic was re-created; ${WAY_OUT}`,
  );
}
