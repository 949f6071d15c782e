import type { ClickHouse } from '../clickhouse/connection.ts';
import type { RatingEvent } from '../core/rating-event.ts';
import type { SinkPosition } from './sink-positions.ts';

/** An event that concerns nobody: every reader counts it and drops it. */
export function canaryEvent(eventId: Uint8Array, nowMs: number): RatingEvent {
  return {
    eventId,
    userId: 0,
    movieId: 0,
    kind: 'CANARY',
    rating: null,
    tsMs: nowMs,
    source: 'reconciler',
  };
}

/** An older canary tells nothing that the age of a day does not tell. */
const LOOK_BACK_SECONDS = 86_400;

/**
 * Kafka time of the newest canary per partition that the aggregate shows, hence every table: it is filled last. Partitions
 * without one within a day are left out.
 */
export async function readCanaries(
  clickhouse: ClickHouse,
  positions: readonly SinkPosition[],
): Promise<Map<number, number>> {
  if (positions.length === 0) return new Map();
  const rows = await clickhouse.query<{ slot: number; logTsMs: string }>(
    `SELECT slot, toUnixTimestamp64Milli(log_ts) AS logTsMs FROM events_raw
     WHERE (slot, kafka_offset) IN (
       SELECT slot, max(a.applied_offset) FROM agg_pipeline_minute AS a
       WHERE slot IN {slots:Array(UInt16)} AND reason = 'canary'
         AND minute >= now() - toIntervalSecond({back:UInt32})
       GROUP BY slot)
     AND slot IN {slots:Array(UInt16)}`,
    { params: { slots: positions.map(({ slot }) => slot), back: LOOK_BACK_SECONDS } },
  );
  const partitionOf = new Map(positions.map(({ slot, partition }) => [slot, partition]));
  return new Map(rows.map(({ slot, logTsMs }) => [partitionOf.get(slot)!, Number(logTsMs)]));
}
