import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouse } from '../clickhouse/connection.ts';
import { ReelstreamError } from '../core/errors.ts';
import { planStack } from '../embedded/stack-plan.ts';
import { findFreePorts } from '../embedded/supervisor/ports.ts';
import { readProcStat } from '../embedded/supervisor/proc-stat.ts';
import type { ProcessSpec } from '../embedded/supervisor/process-spec.ts';
import { readRunRecords } from '../embedded/supervisor/run-record.ts';
import { type Supervisor, takeStack } from '../embedded/supervisor/supervisor.ts';
import type { KafkaAdmin } from '../kafka/admin.ts';
import { noEnvFile, projectRoot, withoutSettings } from '../runtime/environment.ts';
import { withInterrupts } from '../runtime/interrupts.ts';
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
  prepareTopics(settings: Settings, admin: KafkaAdmin): Promise<void>;
  sinkSpec(settings: Settings): ProcessSpec;
}

/** Kafka, registry and ClickHouse of their own for one benchmark: free ports, a temporary folder. */
export interface BenchStack {
  readonly home: string;
  readonly settings: Settings;
  /** of processes that the benchmark runs: the command's, with these settings and no others */
  readonly environment: Environment;
  readonly supervisor: Supervisor;
  /** CPU seconds a process of the stack has used so far, its threads included */
  cpuSeconds(name: string): number;
}

const STOP_DEADLINE_MS = 60_000;

/**
 * Runs `work` over a stack of its own, of which nothing is left when this settles: neither after an error nor after Ctrl-C.
 * @throws ReelstreamError `halted` when it was interrupted, `unavailable` when a process does not start or dies
 */
export async function withBenchStack<T>(
  { say, environment }: Pick<BenchTools, 'say' | 'environment'>,
  work: (stack: BenchStack) => Promise<T>,
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'reelstream-bench-'));
  try {
    return await withInterrupts(async ({ stop, broken }) => {
      const { settings, specs, own } = await planBench(home);
      const withOwn = { ...withoutSettings(environment), ...own };
      const supervisor = await takeStack({
        home,
        environment: withOwn,
        purpose: 'supervise',
        onEvent(event) {
          if (event.kind === 'died') say(event.how);
        },
        signal: stop,
      });
      const cpuSeconds = (name: string) => cpuSecondsOf(home, name);
      const run = async () => {
        await supervisor.start(specs);
        return work({ home, settings, environment: withOwn, supervisor, cpuSeconds });
      };
      try {
        return await Promise.race([run(), rejectOn(stop), broken, supervisor.failed.then(raise)]);
      } finally {
        await supervisor.stop();
      }
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function planBench(home: string) {
  const [kafka, kafkaController, registry, clickhouse, sink, producer, recommender] = (await findFreePorts(
    7,
  )) as [number, number, number, number, number, number, number];
  const own = {
    ...noEnvFile,
    REELSTREAM_HOME: home,
    REELSTREAM_KAFKA_PORT: String(kafka),
    REELSTREAM_REGISTRY_PORT: String(registry),
    REELSTREAM_CLICKHOUSE_PORT: String(clickhouse),
    REELSTREAM_SINK_METRICS_PORT: String(sink),
    REELSTREAM_PRODUCER_METRICS_PORT: String(producer),
    REELSTREAM_RECOMMENDER_PORT: String(recommender),
    REELSTREAM_LOG_LEVEL: 'warn',
  };
  const { specs } = planStack({
    home,
    vendorFolder: join(projectRoot, '.reelstream', 'vendor'),
    launcher: join(projectRoot, 'cli', 'reelstream.mjs'),
    nodeCommand: process.execPath,
    javaCommand: 'java',
    searchPath: '',
    ports: { kafka, kafkaController, registry, clickhouse, prometheus: 0, alertmanager: 0 },
    targets: [],
    ruleFiles: [],
    scrapeIntervalSeconds: 5,
    alertmanagerConfig: {},
    clickhouseEnvironment: {},
    stopDeadlineMs: STOP_DEADLINE_MS,
  });
  return { own, settings: readSettings(own), specs: specs.filter(({ optional }) => !optional) };
}

function rejectOn(stop: AbortSignal): Promise<never> {
  return once(stop, 'abort').then(() => raise(new ReelstreamError('halted', 'the bench was interrupted')));
}

function raise(error: ReelstreamError): never {
  throw error;
}

/** Clock ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and its threads. Linux only. */
function cpuSecondsOf(home: string, name: string): number {
  const record = readRunRecords(home).find((one) => one.name === name);
  return record ? (readProcStat(record.pid)?.cpuTicks ?? 0) / TICKS_PER_SECOND : 0;
}
