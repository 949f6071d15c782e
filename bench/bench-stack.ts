import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouse } from '../clickhouse/connection.ts';
import { registryUrl } from '../embedded/registry.ts';
import { planStack } from '../embedded/stack-plan.ts';
import { findFreePorts } from '../embedded/supervisor/ports.ts';
import type { ProcessSpec } from '../embedded/supervisor/process-spec.ts';
import { readRunRecords } from '../embedded/supervisor/run-record.ts';
import { type Supervisor, takeStack } from '../embedded/supervisor/supervisor.ts';
import type { KafkaAdmin } from '../kafka/admin.ts';
import { projectRoot } from '../runtime/environment.ts';
import { type Environment, readSettings, type Settings } from '../runtime/settings.ts';

/** What a benchmark is handed: cli/ alone maps settings to drivers and processes. */
export interface BenchTools {
  /** of the command; the benchmark's own settings win */
  readonly environment: Environment;
  say(line: string): void;
  clickHouseFrom(settings: Settings): ClickHouse;
  kafkaAdminFrom(settings: Settings, clientId: string): KafkaAdmin;
  /** topics, tables and the sample catalogue */
  prepareStores(
    settings: Settings,
    clickhouse: ClickHouse,
    admin: KafkaAdmin,
    say: (line: string) => void,
  ): Promise<void>;
  sinkSpec(settings: Settings): ProcessSpec;
}

/** Kafka, registry and ClickHouse of their own for one benchmark: free ports, a temporary folder, gone afterwards. */
export interface BenchStack {
  readonly home: string;
  readonly settings: Settings;
  /** for the commands that the benchmark runs */
  readonly environment: Readonly<Record<string, string>>;
  readonly supervisor: Supervisor;
  /** CPU seconds a process of the stack has used so far, its threads included */
  cpuSeconds(name: string): number;
  remove(): Promise<void>;
}

export async function startBenchStack({
  say,
  environment: inherited,
}: Pick<BenchTools, 'say' | 'environment'>): Promise<BenchStack> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-bench-'));
  const [kafka, kafkaController, registry, clickhouse, prometheus, alertmanager, sink, producer] =
    (await findFreePorts(8)) as [number, number, number, number, number, number, number, number];
  const environment = {
    REELSTREAM_HOME: home,
    REELSTREAM_KAFKA_BROKERS: `127.0.0.1:${kafka}`,
    REELSTREAM_KAFKA_PORT: String(kafka),
    REELSTREAM_REGISTRY_URL: registryUrl(registry),
    REELSTREAM_CLICKHOUSE_URL: `http://127.0.0.1:${clickhouse}`,
    REELSTREAM_CLICKHOUSE_PORT: String(clickhouse),
    REELSTREAM_SINK_METRICS_PORT: String(sink),
    REELSTREAM_PRODUCER_METRICS_PORT: String(producer),
    REELSTREAM_LOG_LEVEL: 'warn',
  };
  const plan = planStack({
    home,
    vendorFolder: join(projectRoot, '.reelstream', 'vendor'),
    launcher: join(projectRoot, 'cli', 'reelstream.mjs'),
    nodeCommand: process.execPath,
    javaCommand: 'java',
    searchPath: '',
    ports: { kafka, kafkaController, registry, clickhouse, prometheus, alertmanager },
    targets: [],
    ruleFiles: [],
    clickhouseEnvironment: {},
    stopDeadlineMs: 60_000,
  });
  const supervisor = await takeStack({
    home,
    environment: { ...inherited, ...environment },
    purpose: 'supervise',
    onEvent: (event) => {
      if (event.kind === 'died') say(event.how);
    },
  });
  const wanted = new Set(['kafka', 'registry', 'clickhouse']);
  await supervisor.start(plan.specs.filter(({ name }) => wanted.has(name)));
  return {
    home,
    settings: readSettings(environment as Environment),
    environment,
    supervisor,
    cpuSeconds(name) {
      const record = readRunRecords(home).find((one) => one.name === name);
      return record ? cpuSecondsOf(record.pid) : 0;
    },
    async remove() {
      await supervisor.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Clock ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and its threads. Linux only. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
