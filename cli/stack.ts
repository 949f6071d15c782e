import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ScrapeTarget } from '../embedded/prometheus.ts';
import { planStack, type StackPlan } from '../embedded/stack-plan.ts';
import type { StackEvent } from '../embedded/supervisor/stack-events.ts';
import type { SupervisorOptions } from '../embedded/supervisor/supervisor.ts';
import { noEnvFile, projectRoot, readEnvironment } from '../runtime/environment.ts';
import type { Settings } from '../runtime/settings.ts';
import { alertmanagerConfigFrom, alertProfile, alertRuleFiles } from './alerting.ts';
import { serviceStopDeadlineMs } from './start/deadlines.ts';

/** What starts a process of our own: the compiled program by this very Node. */
export const launcher: string = join(projectRoot, 'cli', 'reelstream.mjs');

/** The stack's folder: the same one from whichever folder the command is called. */
export function stackHome(settings: Settings): string {
  return resolve(projectRoot, settings.REELSTREAM_HOME);
}

export function stackPlan(settings: Settings): StackPlan {
  const home = stackHome(settings);
  mkdirSync(home, { recursive: true });
  return planStack({
    home,
    vendorFolder: join(projectRoot, '.reelstream', 'vendor'),
    launcher,
    nodeCommand: process.execPath,
    javaCommand: 'java',
    searchPath: process.env.PATH ?? '',
    ports: {
      kafka: settings.REELSTREAM_KAFKA_PORT,
      kafkaController: settings.REELSTREAM_KAFKA_CONTROLLER_PORT,
      registry: settings.REELSTREAM_REGISTRY_PORT,
      clickhouse: settings.REELSTREAM_CLICKHOUSE_PORT,
      prometheus: settings.REELSTREAM_PROMETHEUS_PORT,
      alertmanager: settings.REELSTREAM_ALERTMANAGER_PORT,
    },
    targets: serviceTargets(settings),
    ruleFiles: alertRuleFiles(settings),
    scrapeIntervalSeconds: alertProfile(settings).scrapeIntervalSeconds,
    alertmanagerConfig: alertmanagerConfigFrom(settings),
    clickhouseEnvironment: clickHouseEnvironment(settings),
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}

/** What the ClickHouse server is started with; a server that runs with other values is not taken for this stack's. */
export function clickHouseEnvironment(settings: Settings): Record<string, string> {
  const names = [
    'REELSTREAM_CLICKHOUSE_USERNAME',
    'REELSTREAM_CLICKHOUSE_PASSWORD',
    'REELSTREAM_CLICKHOUSE_READONLY_USERNAME',
    'REELSTREAM_CLICKHOUSE_READONLY_PASSWORD',
    'REELSTREAM_CLICKHOUSE_MEMORY_MB',
    'REELSTREAM_LOG_LEVEL',
    'REELSTREAM_STOP_TIMEOUT_MS',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, String(settings[name])]));
}

/** Our own services, as Prometheus scrapes them. */
export function serviceTargets(settings: Settings): ScrapeTarget[] {
  return [
    { job: 'producer', port: settings.REELSTREAM_PRODUCER_METRICS_PORT },
    { job: 'sink', port: settings.REELSTREAM_SINK_METRICS_PORT },
    { job: 'recommender', port: settings.REELSTREAM_RECOMMENDER_PORT },
    { job: 'reconciler', port: settings.REELSTREAM_RECONCILER_METRICS_PORT },
    { job: 'console', port: settings.REELSTREAM_CONSOLE_PORT },
  ];
}

/** Options of a supervisor for these settings; the processes get what this one has read, and nothing else. */
export function supervisorOptions(
  settings: Settings,
  purpose: SupervisorOptions['purpose'],
  onEvent: (event: StackEvent) => void,
  signal: AbortSignal,
): SupervisorOptions {
  return {
    home: stackHome(settings),
    environment: { ...readEnvironment(), ...noEnvFile },
    purpose,
    onEvent,
    signal,
  };
}

/** One line for people. */
export function describeStackEvent(event: StackEvent): string {
  switch (event.kind) {
    case 'starting':
      return `${event.name}: starting`;
    case 'ready':
      return `${event.name}: ready after ${(event.tookMs / 1000).toFixed(1)} s`;
    case 'adopted':
      return `${event.name}: runs already`;
    case 'skipped':
      return `${event.name}: left out: ${event.reason}`;
    case 'leftover':
      return `${event.name}: was left by a run that was killed; ${event.outcome} it`;
    case 'stopped':
      return `${event.name}: ${event.outcome === 'gone' ? 'was gone already' : event.outcome}`;
    case 'ended':
      return `${event.name}: finished`;
    case 'died':
      return `${event.how}\n${event.lastLines}`;
  }
}
