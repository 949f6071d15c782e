import { RAW_TABLE } from '../clickhouse/aggregates.ts';
import type { ClickHouse } from '../clickhouse/connection.ts';
import {
  isHistory,
  PERIOD_SIDES,
  PERIODS,
  type Period,
  type PeriodSide,
  periodsAt,
  type Span,
  type SpanCounts,
} from './periods.ts';

/** Tables whose rows are counted per closed period, by Kafka's time. */
export const PERIOD_TABLES = [RAW_TABLE, 'agg_ratings_live'] as const;
export type PeriodTable = (typeof PERIOD_TABLES)[number];

export interface PeriodOptions {
  readonly settleMs: number;
  /** whether canaries are sent: what tells a pipeline that was switched off from one that lost events */
  readonly canaries: boolean;
}

export interface PeriodRows {
  readonly rows: number;
  /** null where the table does not know how large a record was */
  readonly bytes: number | null;
}

/** A side that has no such history is null. */
export type PeriodCounts = Readonly<Record<PeriodSide, PeriodRows | null>>;

/** Canaries are the reconciler's own and not counted. */
const SPAN_SQL: Readonly<Record<PeriodTable, string>> = {
  [RAW_TABLE]: `sumIf(a.n, reason != 'canary') AS rows, sumIf(a.bytes, reason != 'canary') AS bytes
    FROM agg_pipeline_minute AS a WHERE minute`,
  agg_ratings_live: `sum(a.n) AS rows, toUInt64(0) AS bytes
    FROM agg_ratings_live AS a WHERE dimension = 'movie' AND bucket`,
};

export async function readPeriods(
  clickhouse: ClickHouse,
  nowMs: number,
  options: PeriodOptions,
): Promise<Record<Period, Record<PeriodTable, PeriodCounts>>> {
  const firstRowMs = await firstRow(clickhouse);
  const periods = await Promise.all(
    PERIODS.map(async (period) => {
      const spans = periodsAt(nowMs, period, options.settleMs);
      const tables = await Promise.all(
        PERIOD_TABLES.map(async (table) => {
          const counts = await readSpans(
            clickhouse,
            table,
            PERIOD_SIDES.map((side) => spans[side]),
          );
          const sides = PERIOD_SIDES.map((side, i) => {
            const known = isHistory(spans[side], counts[i]!, { ...options, firstRowMs });
            const { rows, bytes } = counts[i]!;
            return [side, known ? { rows, bytes: table === RAW_TABLE ? bytes : null } : null];
          });
          return [table, Object.fromEntries(sides)];
        }),
      );
      return [period, Object.fromEntries(tables)];
    }),
  );
  return Object.fromEntries(periods);
}

/** Rows of any spans of time, in their order. */
export async function readSpans(
  clickhouse: ClickHouse,
  table: PeriodTable,
  spans: readonly Span[],
): Promise<SpanCounts[]> {
  const within = (i: number) => `>= {start_${i}:DateTime} AND`;
  const one = (i: number) => {
    const column = table === RAW_TABLE ? 'minute' : 'bucket';
    return `SELECT ${i} AS i, ${SPAN_SQL[table]} ${within(i)} ${column} < {end_${i}:DateTime}`;
  };
  const canaries = (i: number) =>
    `SELECT ${i} AS i, uniqExact(minute) AS minutes FROM agg_pipeline_minute
     WHERE reason = 'canary' AND minute ${within(i)} minute < {end_${i}:DateTime}`;
  const params = Object.fromEntries(
    spans.flatMap(({ startMs, endMs }, i) => [
      [`start_${i}`, Math.floor(startMs / 1_000)],
      [`end_${i}`, Math.floor(endMs / 1_000)],
    ]),
  );
  const all = (of: (i: number) => string) => spans.map((_, i) => of(i)).join(' UNION ALL ');
  const [rows, watched] = await Promise.all([
    clickhouse.query<{ i: number; rows: string; bytes: string }>(all(one), { params }),
    clickhouse.query<{ i: number; minutes: string }>(all(canaries), { params }),
  ]);
  const minutes = new Map(watched.map((row) => [row.i, Number(row.minutes)]));
  const counts = new Map(rows.map((row) => [row.i, row]));
  return spans.map((_, i) => ({
    rows: Number(counts.get(i)?.rows ?? 0),
    bytes: Number(counts.get(i)?.bytes ?? 0),
    canaryMinutes: minutes.get(i) ?? 0,
  }));
}

async function firstRow(clickhouse: ClickHouse): Promise<number | null> {
  const [row] = await clickhouse.query<{ first: string | null }>(
    'SELECT toUnixTimestamp(minOrNull(minute)) AS first FROM agg_pipeline_minute',
  );
  return row?.first == null ? null : Number(row.first) * 1_000;
}
