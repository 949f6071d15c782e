import type { ClickHouse } from '../clickhouse/connection.ts';
import { readStreams } from '../clickhouse/slots.ts';
import { FAULT_REASONS, type FaultReason } from '../core/verdict.ts';

/**
 * Records of a topic that the tables hold as duplicates or dead letters, since the topic was first read, by reason. Every
 * incarnation and width of the topic counts: a sum that fell when a partition was added would look like a loss.
 */
export async function readCaught(
  clickhouse: ClickHouse,
  clusterId: string,
  topic: string,
): Promise<ReadonlyMap<FaultReason, number>> {
  const streams = await readStreams(clickhouse);
  const slots = streams.filter((one) => one.clusterId === clusterId && one.topic === topic);
  const rows = await clickhouse.query<{ reason: FaultReason; n: string }>(
    `SELECT reason, sum(a.n) AS n FROM agg_pipeline_minute AS a
     WHERE slot IN {slots:Array(UInt16)} AND reason IN {reasons:Array(String)} GROUP BY reason`,
    { params: { slots: slots.map(({ slot }) => slot), reasons: [...FAULT_REASONS] } },
  );
  const found = new Map(rows.map(({ reason, n }) => [reason, Number(n)]));
  return new Map(FAULT_REASONS.map((reason) => [reason, found.get(reason) ?? 0]));
}
