import type { ClickHouse } from '../../clickhouse/connection.ts';
import { knownPartitions, replaceStream } from '../../clickhouse/streams.ts';
import type { OwnerOptions } from '../../clickhouse/under-fence.ts';
import type { LogProbe } from '../../consumers/log-probe.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { type ComparedPartition, compareWithLog } from './compare-log.ts';

export interface ReplacedStream {
  readonly topic: string;
  readonly slots: readonly number[];
  /** what the sink will read now, over all partitions */
  readonly recordsToRead: number;
}

/**
 * The topic was re-created: its log is read from the start into new slots. Only when the log itself says so, because read into
 * new slots the same records count twice.
 * @throws ReelstreamError `usage` when nothing says so, or a partition still holds the table's last row
 */
export async function acceptNewTopic(
  owner: OwnerOptions,
  probe: LogProbe,
  topic: string,
): Promise<ReplacedStream> {
  const { partitions } = await look(owner.clickhouse, probe, topic);
  const same = partitions.find(({ finding }) => finding === 'same');
  const another = partitions.filter(({ finding }) => finding === 'another');
  if (another.length === 0) {
    throw new ReelstreamError(
      'usage',
      `nothing says that ${topic} was re-created: the log agrees with the tables. Read anew, all of it would count twice`,
    );
  }
  if (same) {
    throw new ReelstreamError(
      'usage',
      `${topic} is still the same topic: partition ${same.partition} holds the last row of the tables. ` +
        `What differs is partition ${another.map(({ partition }) => partition).join(', ')}; if its log was truncated, ` +
        `cut its slot back to the log's end: ${another.map(({ slot }) => `recover --rewind ${slot}:<end>`).join(', ')}`,
    );
  }
  return replace(owner, probe, topic, new Map());
}

/**
 * Kafka has deleted records that were never read: the slots end, and new ones go on where the log begins now. The others go on
 * where they were.
 * @throws ReelstreamError `usage` when nothing is lost
 */
export async function acceptLoss(
  owner: OwnerOptions,
  probe: LogProbe,
  topic: string,
): Promise<ReplacedStream & { readonly lostRecords: number }> {
  const { partitions, bounds } = await look(owner.clickhouse, probe, topic);
  const lost = partitions.filter(({ finding }) => finding === 'lost');
  if (lost.length === 0 || partitions.some(({ finding }) => finding === 'another')) {
    throw new ReelstreamError(
      'usage',
      lost.length === 0
        ? `nothing of ${topic} is lost: every partition can be read on`
        : `${topic} was truncated or re-created`,
    );
  }
  const starts = new Map(
    partitions.flatMap(({ partition, next }) =>
      next === null ? [] : [[partition, Math.max(next, bounds.get(partition)!.start)] as const],
    ),
  );
  const lostRecords = lost.reduce(
    (sum, { partition, next }) => sum + bounds.get(partition)!.start - next!,
    0,
  );
  return { ...(await replace(owner, probe, topic, starts)), lostRecords };
}

async function look(clickhouse: ClickHouse, probe: LogProbe, topic: string) {
  const known = await knownPartitions(clickhouse, { clusterId: await probe.clusterId(), topic });
  if (known.length === 0) {
    throw new ReelstreamError(
      'usage',
      `the tables do not know ${topic} of this cluster: the sink will begin it by itself`,
    );
  }
  const partitions: readonly ComparedPartition[] = await compareWithLog(probe, topic, known);
  return { partitions, bounds: await probe.bounds(topic) };
}

async function replace(
  { clickhouse, clock, limits }: OwnerOptions,
  probe: LogProbe,
  topic: string,
  starts: ReadonlyMap<number, number>,
): Promise<ReplacedStream> {
  const clusterId = await probe.clusterId();
  const partitionCount = await probe.partitionCount(topic);
  const stream = await replaceStream(clickhouse, { clusterId, topic, partitionCount }, starts, {
    clock,
    ...limits,
  });
  const bounds = await probe.bounds(topic);
  const recordsToRead = [...bounds].reduce(
    (sum, [partition, { start, end }]) => sum + end - Math.max(start, starts.get(partition) ?? 0),
    0,
  );
  return { topic, slots: stream.map(({ slot }) => slot), recordsToRead };
}
