import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';

/** Which records of the log belong to this run: from where each Kafka partition ended when it began. */
export interface LogRange {
  /** Kafka partition -> first offset of the run */
  readonly starts: ReadonlyMap<number, number>;
}

export async function beginRange(admin: KafkaAdmin, topic: string): Promise<LogRange> {
  const bounds = await admin.bounds(topic);
  return { starts: new Map([...bounds].map(([partition, { end }]) => [partition, end])) };
}

/** Records that the run's log holds by now. */
export async function recordsIn(range: LogRange, admin: KafkaAdmin, topic: string): Promise<number> {
  const bounds = await admin.bounds(topic);
  return [...bounds].reduce((sum, [partition, { end }]) => sum + end - (range.starts.get(partition) ?? 0), 0);
}

export interface RawCounts {
  /** canaries of the reconciler included: each is a record of the log */
  readonly rows: number;
  readonly canaries: number;
  /** without canaries */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly deadLetters: number;
}

const COUNT_ROWS = `
SELECT if(reason = 'none', toString(verdict), concat(toString(verdict), ' (', toString(reason), ')')) AS what,
       any(verdict = 'dead_letter') AS is_dead_letter, any(reason = 'canary') AS is_canary, count() AS n
FROM events_raw
INNER JOIN (
    SELECT s.slot AS slot, f.first AS first
    FROM streams AS s
    INNER JOIN (
        SELECT partition AS kafka_partition, first
        FROM (SELECT {partitions:Array(UInt16)} AS partitions, {firsts:Array(UInt64)} AS firsts)
        ARRAY JOIN partitions AS partition, firsts AS first
    ) AS f ON f.kafka_partition = s.kafka_partition
    WHERE s.cluster_id = {cluster:String} AND s.topic = {topic:String}
      AND s.stream_id = (SELECT max(stream_id) FROM streams WHERE cluster_id = {cluster:String} AND topic = {topic:String})
) AS run ON run.slot = events_raw.slot
WHERE kafka_offset >= run.first
GROUP BY verdict, reason`;

/** Rows of `events_raw` for the run's records, by verdict. */
export async function rawRowsOf(
  range: LogRange,
  clickhouse: ClickHouse,
  clusterId: string,
  topic: string,
): Promise<RawCounts> {
  const found = await clickhouse.query<{
    what: string;
    is_dead_letter: number;
    is_canary: number;
    n: string;
  }>(COUNT_ROWS, {
    params: {
      cluster: clusterId,
      topic,
      partitions: [...range.starts.keys()],
      firsts: [...range.starts.values()],
    },
  });
  const counted = found.map((row) => ({ ...row, n: Number(row.n) }));
  const sum = (rows: typeof counted) => rows.reduce((total, { n }) => total + n, 0);
  const others = counted.filter((row) => !row.is_canary);
  return {
    rows: sum(counted),
    canaries: sum(counted.filter((row) => row.is_canary)),
    verdicts: Object.fromEntries(others.map(({ what, n }) => [what, n])),
    deadLetters: sum(counted.filter((row) => row.is_dead_letter)),
  };
}
