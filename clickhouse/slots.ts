import { systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse } from './connection.ts';
import { namedIfFenced } from './fence.ts';
import { insertNote } from './owned-statements.ts';
import type { FencedRun, Slot } from './sink-store.ts';

export interface StreamPartition {
  readonly streamId: number;
  readonly clusterId: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly partition: number;
  readonly slot: Slot;
  /** where the slot goes on with the log of an older one, null = the log began with it */
  readonly startOffset: number | null;
  /** first offset ever sent for a slot without a startOffset, null before that */
  readonly firstOffset: number | null;
}

/** First offset that belongs to the slot, null = wherever the log starts. */
export function beginOf({ startOffset, firstOffset }: StreamPartition): number | null {
  return startOffset ?? firstOffset;
}

export interface NewStream {
  /** newest stream of the topic when it was decided to open another; 0 = none. A newer one is then taken as the answer. */
  readonly replaces: number;
  readonly clusterId: string;
  readonly topic: string;
  readonly partitionCount: number;
  /** per partition; missing = start of the log */
  readonly startOffsets: ReadonlyMap<number, number>;
}

type StreamRow = Omit<StreamPartition, 'startOffset' | 'firstOffset'> & {
  readonly startOffset: string | null;
  readonly firstOffset: string | null;
};

export async function readStreams(clickhouse: ClickHouse): Promise<StreamPartition[]> {
  const rows = await clickhouse.query<StreamRow>(
    `SELECT stream_id AS streamId, cluster_id AS clusterId, topic, partition_count AS partitionCount,
            kafka_partition AS partition, slot, start_offset AS startOffset, first.first_offset AS firstOffset
     FROM streams
     LEFT JOIN (SELECT slot, toNullable(argMax(first_offset, noted_at)) AS first_offset FROM slot_starts GROUP BY slot) AS first
     USING (slot) ORDER BY slot`,
  );
  const numberOf = (text: string | null) => (text === null ? null : Number(text));
  return rows.map((row) => ({
    ...row,
    startOffset: numberOf(row.startOffset),
    firstOffset: numberOf(row.firstOffset),
  }));
}

/**
 * Notes where slots begin, before their first row is sent. Without effect unless they are still owned.
 * @throws ReelstreamError as `insertBatch`
 */
export async function noteFirstOffsets(clickhouse: ClickHouse, runs: readonly FencedRun[]): Promise<void> {
  try {
    await insertNote(
      { clickhouse, owned: runs },
      `INSERT INTO slot_starts (slot, first_offset) SELECT run.1, run.2 FROM
         (SELECT arrayJoin(arrayZip({slots:Array(UInt16)}, {firsts:Array(UInt64)})) AS run)`,
      { slots: runs.map(({ slot }) => slot), firsts: runs.map(({ first }) => first) },
    );
  } catch (thrown) {
    throw await namedIfFenced(clickhouse, runs, thrown);
  }
}

/** Partitions of the newest stream of a topic, empty when it was never seen. */
export function newestStream(
  streams: readonly StreamPartition[],
  clusterId: string,
  topic: string,
): StreamPartition[] {
  const ofTopic = streams.filter((one) => one.clusterId === clusterId && one.topic === topic);
  const newest = Math.max(0, ...ofTopic.map(({ streamId }) => streamId));
  return ofTopic.filter(({ streamId }) => streamId === newest);
}

/**
 * The slot itself and those whose log it goes on with, newest first. A start offset says that the partition is the same log
 * as in the stream before; without one the log began anew.
 */
export function lineage(streams: readonly StreamPartition[], slot: Slot): StreamPartition[] {
  const found: StreamPartition[] = [];
  let current = streams.find((one) => one.slot === slot);
  while (current) {
    found.push(current);
    const { clusterId, topic, partition, streamId, startOffset } = current;
    current =
      startOffset === null
        ? undefined
        : streams.findLast(
            (one) =>
              one.clusterId === clusterId &&
              one.topic === topic &&
              one.partition === partition &&
              one.streamId < streamId,
          );
  }
  return found;
}

const ATTEMPTS = 20;
const APPEARS_WITHIN_MS = 2_000;
const POLL_INTERVAL_MS = 50;

/**
 * Writes a new stream, with slots of its own for all partitions and returns the topic's newest stream, which another process
 * may have written at the same moment. Who comes first is decided by the deduplication token: it names the first free
 * slot, and of two INSERTs with one token the second has no effect. A token that was used by an INSERT that died leaves
 * nothing behind; then the next attempt has another one.
 */
export async function openStream(clickhouse: ClickHouse, wanted: NewStream): Promise<StreamPartition[]> {
  let attempt = 0;
  let lastFirstSlot = -1;
  for (let i = 0; i < ATTEMPTS; i++) {
    const streams = await readStreams(clickhouse);
    const newest = newestStream(streams, wanted.clusterId, wanted.topic);
    if (newest[0] && newest[0].streamId !== wanted.replaces) return newest;
    const firstSlot = 1 + Math.max(-1, ...streams.map(({ slot }) => slot));
    attempt = firstSlot === lastFirstSlot ? attempt + 1 : 0;
    lastFirstSlot = firstSlot;
    const streamId = 1 + Math.max(0, ...streams.map((one) => one.streamId));
    await insertStream(clickhouse, wanted, streamId, firstSlot, `streams/${firstSlot}/${attempt}`);
    await untilTaken(clickhouse, firstSlot);
  }
  throw new ReelstreamError('unavailable', `no slots could be allocated for ${wanted.topic}`);
}

async function insertStream(
  clickhouse: ClickHouse,
  { clusterId, topic, partitionCount, startOffsets }: NewStream,
  streamId: number,
  firstSlot: Slot,
  token: string,
): Promise<void> {
  const rows = Array.from({ length: partitionCount }, (_, partition) => ({
    stream_id: streamId,
    cluster_id: clusterId,
    topic,
    partition_count: partitionCount,
    kafka_partition: partition,
    slot: firstSlot + partition,
    start_offset: startOffsets.get(partition) ?? null,
  }));
  await clickhouse.insertRows('streams', rows, {
    settings: { async_insert: 0, insert_deduplicate: 1, insert_deduplication_token: token },
  });
}

async function untilTaken(clickhouse: ClickHouse, firstSlot: Slot): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + APPEARS_WITHIN_MS;
  while (systemClock.monotonicMs() < deadlineMs) {
    const streams = await readStreams(clickhouse);
    if (streams.some(({ slot }) => slot >= firstSlot)) return;
    await systemClock.sleep(POLL_INTERVAL_MS);
  }
}
