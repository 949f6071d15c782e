import { join } from 'node:path';
import { createAlertmanagerSpec } from './alertmanager.ts';
import { threadsNeeded } from './clickhouse/admission.ts';
import { CLICKHOUSE_SERVER_DEFAULTS } from './clickhouse/server-options.ts';
import { createKafkaSpec } from './kafka.ts';
import { findMonitoringPrograms } from './monitoring-programs.ts';
import { createOwnProcessSpec } from './own-process.ts';
import { createPrometheusSpec, type ScrapeTarget } from './prometheus.ts';
import { createRegistrySpec } from './registry.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';
import { stackFolders } from './supervisor/run-record.ts';

export interface StackPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly registry: number;
  readonly clickhouse: number;
  readonly prometheus: number;
  readonly alertmanager: number;
}

export interface StackPlanOptions {
  /** data, logs and run files of this stack */
  readonly home: string;
  /** what set-up fetched: `java/` and `monitoring/` */
  readonly vendorFolder: string;
  /** `cli/reelstream.mjs`, which starts our own processes */
  readonly launcher: string;
  readonly nodeCommand: string;
  readonly javaCommand: string;
  /** folders to look for monitoring programs in, as PATH writes them */
  readonly searchPath: string;
  readonly ports: StackPorts;
  /** our own services to scrape, running or not */
  readonly targets: readonly ScrapeTarget[];
  readonly ruleFiles: readonly string[];
  readonly scrapeIntervalSeconds: number;
  /** what Alertmanager reads: routes, inhibition, receivers */
  readonly alertmanagerConfig: object;
  /** what the ClickHouse server reads from its environment */
  readonly clickhouseEnvironment: Readonly<Record<string, string>>;
  /** how long the ClickHouse server may finish statements after SIGTERM */
  readonly stopDeadlineMs: number;
}

export interface StackPlan {
  readonly specs: readonly ProcessSpec[];
  /** optional parts that this machine lacks */
  readonly missing: readonly string[];
}

/** Heaps that hold one node's work; together with the engine they keep the whole stack under two gigabytes. */
const KAFKA_MAX_HEAP_MB = 384;
const REGISTRY_MAX_HEAP_MB = 128;

/** The processes of the embedded stack, as data: nothing is started or written. */
export function planStack(options: StackPlanOptions): StackPlan {
  const { ports, javaCommand } = options;
  const folders = stackFolders(options.home);
  const java = join(options.vendorFolder, 'java');
  const programs = findMonitoringPrograms(options.searchPath, join(options.vendorFolder, 'monitoring'));
  const kafka = createKafkaSpec({
    jarFolder: join(java, 'kafka'),
    javaCommand,
    dataFolder: folders.dataFolder('kafka'),
    configFolder: folders.configFolder('kafka'),
    port: ports.kafka,
    controllerPort: ports.kafkaController,
    maxHeapMb: KAFKA_MAX_HEAP_MB,
  });
  const registry = createRegistrySpec({
    registryFolder: join(java, 'registry'),
    javaCommand,
    port: ports.registry,
    brokers: `${LOOPBACK}:${ports.kafka}`,
    maxHeapMb: REGISTRY_MAX_HEAP_MB,
  });
  const clickhouse = createOwnProcessSpec({
    name: 'clickhouse',
    nodeCommand: options.nodeCommand,
    launcher: options.launcher,
    args: [
      'clickhouse-server',
      '--data',
      folders.dataFolder('clickhouse'),
      '--port',
      String(ports.clickhouse),
    ],
    cwd: options.home,
    env: {
      ...options.clickhouseEnvironment,
      // Fixed before a program's first line: without it the server would have to start itself a second time
      UV_THREADPOOL_SIZE: String(threadsNeeded(CLICKHOUSE_SERVER_DEFAULTS.maxConcurrentQueries)),
    },
    after: [],
    port: ports.clickhouse,
    portSetting: 'REELSTREAM_CLICKHOUSE_PORT',
    readyPath: '/ping',
    // Opening tables after a crash reads every part's metadata
    readyDeadlineMs: 120_000,
    stopDeadlineMs: options.stopDeadlineMs,
  });
  const alertmanager = programs.alertmanager
    ? createAlertmanagerSpec({
        program: programs.alertmanager,
        workingFolder: programs.alertmanagerFolder,
        configFolder: folders.configFolder('alertmanager'),
        dataFolder: folders.dataFolder('alertmanager'),
        port: ports.alertmanager,
        config: options.alertmanagerConfig,
      })
    : null;
  const prometheus = programs.prometheus
    ? createPrometheusSpec({
        program: programs.prometheus,
        webAssets: programs.webAssets,
        configFolder: folders.configFolder('prometheus'),
        dataFolder: folders.dataFolder('prometheus'),
        port: ports.prometheus,
        targets: [...partTargets(ports), ...options.targets],
        ruleFiles: options.ruleFiles,
        scrapeIntervalSeconds: options.scrapeIntervalSeconds,
        alertmanagerPort: alertmanager ? ports.alertmanager : null,
      })
    : null;
  return {
    specs: [kafka, registry, clickhouse, ...[prometheus, alertmanager].filter((spec) => spec !== null)],
    missing: [...(prometheus ? [] : ['prometheus']), ...(alertmanager ? [] : ['alertmanager'])],
  };
}

/** Parts that speak Prometheus's format themselves. Kafka does not: its figures come from outside, by the reconciler. */
export function partTargets(ports: StackPorts): ScrapeTarget[] {
  return [
    { job: 'registry', port: ports.registry },
    { job: 'clickhouse', port: ports.clickhouse },
    { job: 'prometheus', port: ports.prometheus },
    { job: 'alertmanager', port: ports.alertmanager },
  ];
}
