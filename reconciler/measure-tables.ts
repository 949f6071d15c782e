import type { GaugeName } from '../core/metrics-catalogue.ts';
import { type Ends, hasReached } from './has-reached.ts';
import { PERIODS, type PeriodSide } from './periods.ts';
import { readCaught } from './read-caught.ts';
import { PERIOD_TABLES, readPeriods } from './read-periods.ts';
import { readSettled, SETTLED_TABLES } from './read-settled.ts';
import { readTableBytes } from './read-table-bytes.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import type { Measure } from './rounds.ts';
import { readSinkPositions } from './sink-positions.ts';

/** Source against sink over the same settled offsets. */
export function createSettledMeasure({ options, parts }: ReconcilerContext): Measure {
  const { topic } = options;
  const { admin, clickhouse, metrics } = parts;
  /** slot -> last offset that an earlier round saw in raw: by now it is in every table */
  let settled: ReadonlyMap<number, number> = new Map();
  for (const table of SETTLED_TABLES) {
    metrics.set('recon_tolerance_ratio', { topic, table }, options.toleranceRatio);
  }
  return {
    name: 'settled',
    everyMs: options.intervalMs,
    async run() {
      const positions = await readSinkPositions(clickhouse, await admin.clusterId(), topic);
      const compared = await readSettled(clickhouse, positions, settled, options);
      settled = new Map(positions.map(({ slot, last }) => [slot, Math.max(last, settled.get(slot) ?? -1)]));
      for (const table of SETTLED_TABLES) {
        metrics.set('recon_source_events', { topic, table }, compared[table].source);
        metrics.set('recon_sink_events', { topic, table }, compared[table].sink);
      }
    },
  };
}

/** What the sink made of bad records, for whoever knows how many were sent. */
export function createCaughtMeasure({ options, parts }: ReconcilerContext): Measure {
  const { topic } = options;
  const { admin, clickhouse, metrics, clock } = parts;
  /** where the log ended, and when: a later round says when all of that has been counted */
  let earlier: { readonly seconds: number; readonly ends: Ends } | null = null;
  return {
    name: 'caught',
    everyMs: options.intervalMs,
    async run() {
      const seconds = clock.nowMs() / 1_000;
      const ends = await admin.bounds(topic);
      const clusterId = await admin.clusterId();
      const positions = await readSinkPositions(clickhouse, clusterId, topic);
      const caught = await readCaught(clickhouse, clusterId, topic);
      for (const [reason, n] of caught) metrics.set('recon_caught_events', { topic, reason }, n);
      // what has not been reached by now is asked for again: a sink that is behind must not be excused by new ends
      if (earlier && !hasReached(positions, earlier.ends, ends)) return;
      if (earlier) metrics.set('recon_caught_until_timestamp_seconds', { topic }, earlier.seconds);
      earlier = { seconds, ends };
    },
  };
}

const ROWS: Readonly<Record<PeriodSide, GaugeName>> = {
  closed: 'recon_period_rows',
  previous: 'recon_previous_period_rows',
  lastWeek: 'recon_last_week_period_rows',
};
const BYTES: Readonly<Partial<Record<PeriodSide, GaugeName>>> = {
  closed: 'recon_period_bytes',
  previous: 'recon_previous_period_bytes',
};
const SIDES = Object.keys(ROWS) as PeriodSide[];

/** Rows and bytes of closed periods; what has no history has no series. */
export function createPeriodsMeasure({ options, parts }: ReconcilerContext): Measure {
  const { clickhouse, metrics, clock } = parts;
  for (const table of PERIOD_TABLES) {
    for (const period of PERIODS) {
      metrics.set('recon_dip_threshold_ratio', { table, period }, options.dipThresholdRatio);
      metrics.set('recon_min_rows', { table, period }, options.minRows);
    }
  }
  return {
    name: 'periods',
    everyMs: options.intervalMs,
    async run() {
      const found = await readPeriods(clickhouse, clock.nowMs(), {
        settleMs: options.settleMs,
        canaries: options.canaryIntervalMs > 0,
      });
      for (const gauge of [...Object.values(ROWS), ...Object.values(BYTES)]) metrics.forget(gauge);
      for (const period of PERIODS) {
        for (const table of PERIOD_TABLES) {
          for (const side of SIDES) {
            const counts = found[period][table][side];
            if (!counts) continue;
            metrics.set(ROWS[side], { table, period }, counts.rows);
            const bytes = BYTES[side];
            if (bytes && counts.bytes !== null) metrics.set(bytes, { table, period }, counts.bytes);
          }
        }
      }
    },
  };
}

export function createTableBytesMeasure({ options, parts }: ReconcilerContext): Measure {
  return {
    name: 'table_bytes',
    everyMs: options.intervalMs,
    async run() {
      for (const [table, bytes] of await readTableBytes(parts.clickhouse)) {
        parts.metrics.set('recon_table_bytes', { table }, bytes);
      }
    },
  };
}
