import { RAW_TABLE } from '../../clickhouse/aggregates.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { lastRows } from '../../clickhouse/standing.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import { readCanaries } from '../../reconciler/canary.ts';
import { lagOf } from '../../reconciler/lag.ts';
import { readSpans } from '../../reconciler/read-periods.ts';
import { readSettled, SETTLED_TABLES } from '../../reconciler/read-settled.ts';
import { readSinkPositions, type SinkPosition } from '../../reconciler/sink-positions.ts';
import type { Settings } from '../../runtime/settings.ts';
import { reconcilerOptionsFrom } from '../reconciler/options.ts';
import { createTold } from '../reconciler/told-positions.ts';
import { examine, type Finding } from './findings.ts';

const DAY_MS = 86_400_000;
/** Beyond it freshness is not what is promised, by the objective of the alerts. */
const LATE_AFTER_MS = 30_000;

/** The numbers of the overview dashboard, looked up now, without Prometheus. */
export async function overviewFindings(
  settings: Settings,
  clickhouse: ClickHouse,
  admin: KafkaAdmin,
): Promise<Finding[]> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const positions = await readSinkPositions(clickhouse, await admin.clusterId(), topic);
  const nowMs = Date.now();
  const findings = await Promise.all([
    examine('lag', () => lagFindings(settings, admin, positions)),
    examine('freshness', async () => [
      freshnessFinding(
        nowMs,
        await readCanaries(clickhouse, positions),
        await newestRowMs(clickhouse, positions),
      ),
    ]),
    examine('source and sink', () => settledFindings(settings, clickhouse, positions)),
    examine('rows', () => rowFindings(clickhouse, nowMs)),
    examine('checks', () => checkFindings(clickhouse)),
  ]);
  return findings.flat();
}

async function lagFindings(
  settings: Settings,
  admin: KafkaAdmin,
  sink: readonly SinkPosition[],
): Promise<Finding[]> {
  const { topic, groups, sinkGroup } = reconcilerOptionsFrom(settings);
  const told = createTold(settings);
  const positionsOf = async (group: string) => {
    if (group !== sinkGroup) return (await told(group)) ?? (await admin.committed(group, topic));
    return new Map(sink.flatMap(({ partition, next }) => (next === null ? [] : [[partition, next]])));
  };
  const positions = await Promise.all(groups.map(positionsOf));
  const bounds = await admin.bounds(topic);
  return groups.map((group, i): Finding => {
    const lag = lagOf(bounds, positions[i]!).reduce((sum, one) => sum + one.lag, 0);
    return { what: `lag of ${group}`, health: 'ok', detail: `${whole(lag)} records` };
  });
}

/** A canary tells how fresh the tables are when nothing flows; without any the newest row must do. */
export function freshnessFinding(
  nowMs: number,
  canaries: ReadonlyMap<number, number>,
  newestRow: number | null,
): Finding {
  const what = 'freshness';
  const seconds = (atMs: number) => `${((nowMs - atMs) / 1_000).toFixed(1)} s`;
  if (canaries.size > 0) {
    const oldest = Math.min(...canaries.values());
    const detail = `the newest canary of every partition is at most ${seconds(oldest)} old`;
    return { what, health: nowMs - oldest > LATE_AFTER_MS ? 'warn' : 'ok', detail };
  }
  if (newestRow === null) return { what, health: 'warn', detail: 'there are no rows yet' };
  return {
    what,
    health: 'ok',
    detail: `the newest row is ${seconds(newestRow)} old; no canaries: no reconciler has run for a day`,
  };
}

async function newestRowMs(
  clickhouse: ClickHouse,
  positions: readonly SinkPosition[],
): Promise<number | null> {
  const slots = positions.map(({ slot }) => slot);
  const rows = [...(await lastRows(clickhouse, RAW_TABLE, slots)).values()];
  return rows.length === 0 ? null : Math.max(...rows.map(({ logTsMs }) => logTsMs));
}

async function settledFindings(
  settings: Settings,
  clickhouse: ClickHouse,
  positions: readonly SinkPosition[],
): Promise<Finding[]> {
  const compared = await readSettled(clickhouse, positions, new Map(), reconcilerOptionsFrom(settings));
  return SETTLED_TABLES.map((table): Finding => {
    const { source, sink } = compared[table];
    const detail = `${whole(source)} records of the log, ${whole(sink)} rows over the same offsets`;
    return { what: `source and ${table}`, health: source === sink ? 'ok' : 'bad', detail };
  });
}

async function rowFindings(clickhouse: ClickHouse, nowMs: number): Promise<Finding[]> {
  const midnightMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const [today, until, yesterday] = await readSpans(clickhouse, 'events_raw', [
    { startMs: midnightMs, endMs: nowMs },
    { startMs: midnightMs - DAY_MS, endMs: nowMs - DAY_MS },
    { startMs: midnightMs - DAY_MS, endMs: midnightMs },
  ]);
  const detail = `today ${whole(today!.rows)}, yesterday until this time ${whole(until!.rows)}, all of it ${whole(yesterday!.rows)} (UTC)`;
  return [{ what: 'rows', health: 'ok', detail }];
}

async function checkFindings(clickhouse: ClickHouse): Promise<Finding[]> {
  const rows = await clickhouse.query<{ name: string; outcome: string; detail: string; at: string }>(
    `SELECT name, argMax(r.outcome, r.checked_at) AS outcome, argMax(r.detail, r.checked_at) AS detail,
            toString(max(r.checked_at)) AS at
     FROM check_results AS r GROUP BY name ORDER BY name`,
  );
  const failed = rows.filter(({ outcome }) => outcome === 'failed');
  if (rows.length === 0) return [{ what: 'checks', health: 'warn', detail: 'none has run yet' }];
  if (failed.length === 0) {
    return [{ what: 'checks', health: 'ok', detail: `of ${rows.length} none failed at its last run` }];
  }
  return failed.map(({ name, detail, at }) => ({
    what: `check ${name}`,
    health: 'bad',
    detail: `${detail} (${at})`,
  }));
}

const whole = (number: number) => number.toLocaleString('en-US');
