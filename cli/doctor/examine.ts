import type { ClickHouse } from '../../clickhouse/connection.ts';
import { latestCatalogVersion } from '../../clickhouse/film-index.ts';
import { countOrphans } from '../../clickhouse/foreign-keys.ts';
import { pendingMigrations, readMigrations } from '../../clickhouse/migrate.ts';
import { rowsUnderOlderVersions } from '../../clickhouse/older-rows.ts';
import { newestStream, readStreams } from '../../clickhouse/slots.ts';
import { readStackStatus } from '../../embedded/supervisor/stack-status.ts';
import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { Settings } from '../../runtime/settings.ts';
import { stackHome, stackPlan } from '../stack.ts';
import { migrationsFolder, registryAccessFrom, topicsFrom } from '../wiring.ts';
import { examine, type Finding, processFinding, slotFinding, stopFinding } from './findings.ts';
import { overviewFindings } from './overview.ts';
import { referenceFindings } from './references.ts';
import { registryFindings } from './registry.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** Everything an operator asks first, without Prometheus; changes nothing. */
export async function examineAll(
  settings: Settings,
  clickhouse: ClickHouse,
  admin: KafkaAdmin,
): Promise<Finding[]> {
  const findings = await Promise.all([
    examine('stack', () => stackFindings(settings)),
    examine('Kafka', () => kafkaFindings(settings, admin)),
    examine('registry', () => registryFindings(registryAccessFrom(settings))),
    examine('ClickHouse, last stop', () => stopFindings(settings)),
    examine('tables', () => tableFindings(clickhouse)),
    examine('catalogue', () => catalogueFindings(clickhouse)),
    examine('references', async () => referenceFindings(await countOrphans(clickhouse))),
    examine('slots', () => slotFindings(settings, clickhouse, admin)),
    examine('verdicts', () => verdictFindings(clickhouse)),
    examine('sink', () => sinkFindings(settings)),
    examine('overview', () => overviewFindings(settings, clickhouse, admin)),
  ]);
  return findings.flat();
}

async function stackFindings(settings: Settings): Promise<Finding[]> {
  const processes = await readStackStatus(stackHome(settings), stackPlan(settings).specs);
  const isForeign = processes.every(({ state }) => state === 'stopped');
  if (isForeign) return [{ what: 'stack', health: 'warn', detail: 'the embedded stack is not running here' }];
  return processes.map(processFinding);
}

async function kafkaFindings(settings: Settings, admin: KafkaAdmin): Promise<Finding[]> {
  const counts = await Promise.all(
    topicsFrom(settings).map(async ({ name, partitions }): Promise<Finding> => {
      const found = await admin.partitionCount(name);
      const detail = `${found} partitions${found === partitions ? '' : `, the settings say ${partitions}`}`;
      return { what: `topic ${name}`, health: found === partitions ? 'ok' : 'bad', detail };
    }),
  );
  return counts;
}

/** Only the embedded server says it; another one does not know the path. */
async function stopFindings(settings: Settings): Promise<Finding[]> {
  const address = new URL('/reelstream/status', settings.REELSTREAM_CLICKHOUSE_URL);
  const answer = await fetch(address, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (!answer.ok) return [];
  const finding = stopFinding((await answer.json()) as Parameters<typeof stopFinding>[0]);
  return finding ? [finding] : [];
}

async function tableFindings(clickhouse: ClickHouse): Promise<Finding[]> {
  const pending = await pendingMigrations(clickhouse, readMigrations(migrationsFolder));
  return [
    pending.length === 0
      ? { what: 'tables', health: 'ok', detail: 'every file of DDL is applied' }
      : {
          what: 'tables',
          health: 'bad',
          detail: `not applied: ${pending.join(', ')}; run reelstream migrate`,
        },
  ];
}

async function catalogueFindings(clickhouse: ClickHouse): Promise<Finding[]> {
  const version = await latestCatalogVersion(clickhouse);
  if (version === 0) {
    return [{ what: 'catalogue', health: 'bad', detail: 'none is loaded; run reelstream catalog load data' }];
  }
  const older = await rowsUnderOlderVersions(clickhouse, version);
  const current: Finding = { what: 'catalogue', health: 'ok', detail: `version ${version} is live` };
  return [
    current,
    ...older.map(
      (one): Finding => ({
        what: 'catalogue',
        health: 'warn',
        detail: `${one.rows} rows were ingested under version ${one.version}; reelstream rebuild --catalog brings them up to date`,
      }),
    ),
  ];
}

const LAST_OFFSETS = `
SELECT slot, toString(max(kafka_offset)) AS last FROM events_raw GROUP BY slot`;

async function slotFindings(
  settings: Settings,
  clickhouse: ClickHouse,
  admin: KafkaAdmin,
): Promise<Finding[]> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const [clusterId, bounds, streams, rows] = await Promise.all([
    admin.clusterId(),
    admin.bounds(topic),
    readStreams(clickhouse),
    clickhouse.query<{ slot: number; last: string }>(LAST_OFFSETS),
  ]);
  const last = new Map(rows.map((row) => [row.slot, Number(row.last)]));
  const slots = newestStream(streams, clusterId, topic);
  if (slots.length === 0) return [{ what: 'slots', health: 'warn', detail: `no sink has read ${topic} yet` }];
  return slots.flatMap(({ partition, slot, startOffset }) => {
    const log = bounds.get(partition);
    if (!log) return [];
    const lastRaw = last.get(slot) ?? (startOffset === null ? null : startOffset - 1);
    return [slotFinding({ partition, slot, logStart: log.start, logEnd: log.end, lastRaw })];
  });
}

async function verdictFindings(clickhouse: ClickHouse): Promise<Finding[]> {
  const rows = await clickhouse.query<{ reason: string; n: string }>(
    `SELECT toString(reason) AS reason, toString(sum(n)) AS n FROM pipeline_by_minute
     WHERE verdict = 'dead_letter' AND minute >= now() - INTERVAL 1 HOUR GROUP BY reason ORDER BY reason`,
  );
  if (rows.length === 0) return [{ what: 'dead letters', health: 'ok', detail: 'none in the last hour' }];
  return rows.map(({ reason, n }) => ({
    what: 'dead letters',
    health: 'warn',
    detail: `${n} in the last hour: ${reason}`,
  }));
}

async function sinkFindings(settings: Settings): Promise<Finding[]> {
  const url = `http://127.0.0.1:${settings.REELSTREAM_SINK_METRICS_PORT}/readyz`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).catch(() => null);
  if (!answer) return [{ what: 'sink', health: 'warn', detail: `not running (${url} does not answer)` }];
  const { reasons } = (await answer.json()) as { reasons: string[] };
  return [
    { what: 'sink', health: answer.ok ? 'ok' : 'bad', detail: answer.ok ? 'ready' : reasons.join('; ') },
  ];
}
