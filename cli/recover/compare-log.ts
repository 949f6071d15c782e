import type { KnownPartition } from '../../clickhouse/streams.ts';
import type { LogProbe } from '../../consumers/log-probe.ts';
import { valueHashOf } from '../../core/value-hash.ts';

/**
 * What the log says about a partition of the tables. `same`: it holds the table's last row. `another`: it holds something else
 * there, or ends before it. `lost`: it begins behind what is read next. `unknown`: nothing can be told.
 */
export type LogFinding = 'same' | 'another' | 'lost' | 'unknown';

export interface ComparedPartition extends KnownPartition {
  readonly finding: LogFinding;
}

/** Partitions that the topic does not have any more are `another`. */
export async function compareWithLog(
  probe: LogProbe,
  topic: string,
  known: readonly KnownPartition[],
): Promise<ComparedPartition[]> {
  const bounds = await probe.bounds(topic);
  return Promise.all(
    known.map(async (one) => {
      const log = bounds.get(one.partition);
      return { ...one, finding: log ? await findingOf(probe, topic, one, log) : 'another' };
    }),
  );
}

async function findingOf(
  probe: LogProbe,
  topic: string,
  { partition, next, last }: KnownPartition,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<LogFinding> {
  if (next !== null && start > next) return 'lost';
  if (next !== null && end < next) return 'another';
  if (last === null || start > last.offset) return 'unknown';
  const record = await probe.recordAt(topic, partition, last.offset);
  if (record === null) return 'unknown';
  const isSame = record.logTsMs === last.logTsMs && valueHashOf(record.value) === last.valueHash;
  return isSame ? 'same' : 'another';
}
