import { join } from 'node:path';
import { createOwnProcessSpec } from '../../embedded/own-process.ts';
import type { ProcessSpec } from '../../embedded/supervisor/process-spec.ts';
import { projectRoot } from '../../runtime/environment.ts';
import type { Settings } from '../../runtime/settings.ts';
import { launcher, stackHome } from '../stack.ts';
import { serviceStopDeadlineMs } from './deadlines.ts';

/** What `start` runs beside the stack. */
export interface Services {
  readonly sink: ProcessSpec;
  readonly recommender: ProcessSpec;
  readonly reconciler: ProcessSpec;
  readonly producer: ProcessSpec;
  readonly console: ProcessSpec;
  /** where the producer leaves its counts when it has flushed */
  readonly reportFile: string;
}

export function servicesOf(settings: Settings, rate: number): Services {
  const reportFile = join(stackHome(settings), 'run', 'producer-report.json');
  return {
    sink: sinkSpec(settings),
    recommender: recommenderSpec(settings),
    reconciler: reconcilerSpec(settings),
    producer: producerSpec(settings, rate, reportFile),
    console: consoleSpec(settings),
    reportFile,
  };
}

export function sinkSpec(settings: Settings): ProcessSpec {
  return createOwnProcessSpec({
    name: 'sink',
    nodeCommand: process.execPath,
    launcher,
    args: ['sink'],
    cwd: projectRoot,
    after: ['kafka', 'registry', 'clickhouse'],
    port: settings.REELSTREAM_SINK_METRICS_PORT,
    portSetting: 'REELSTREAM_SINK_METRICS_PORT',
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}

export function recommenderSpec(settings: Settings): ProcessSpec {
  return createOwnProcessSpec({
    name: 'recommender',
    nodeCommand: process.execPath,
    launcher,
    args: ['recommender'],
    cwd: projectRoot,
    after: ['kafka', 'registry', 'clickhouse'],
    port: settings.REELSTREAM_RECOMMENDER_PORT,
    portSetting: 'REELSTREAM_RECOMMENDER_PORT',
    // it answers while it catches up, which may take longer than anybody waits for a start
    readyPath: '/healthz',
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}

export function reconcilerSpec(settings: Settings): ProcessSpec {
  return createOwnProcessSpec({
    name: 'reconciler',
    nodeCommand: process.execPath,
    launcher,
    args: ['reconcile'],
    cwd: projectRoot,
    // it holds little and for long: a small heap is collected often and costs nobody anything
    env: { NODE_OPTIONS: '--max-semi-space-size=2 --max-old-space-size=128' },
    after: ['kafka', 'registry', 'clickhouse'],
    port: settings.REELSTREAM_RECONCILER_METRICS_PORT,
    portSetting: 'REELSTREAM_RECONCILER_METRICS_PORT',
    // it looks at readers that are still starting; nobody waits for what it sees
    readyPath: '/healthz',
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}

export function consoleSpec(settings: Settings): ProcessSpec {
  return createOwnProcessSpec({
    name: 'console',
    nodeCommand: process.execPath,
    launcher,
    args: ['console'],
    cwd: projectRoot,
    // as of the reconciler: it waits for people
    env: { NODE_OPTIONS: '--max-semi-space-size=2 --max-old-space-size=128' },
    after: [],
    port: settings.REELSTREAM_CONSOLE_PORT,
    portSetting: 'REELSTREAM_CONSOLE_PORT',
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}

/** The sample's history once, then a day as people have it: new users and films, second opinions, a few films nobody knows. */
const DAILY_LOAD = [
  '--history',
  ...['--profile', 'diurnal'],
  ...['--new-users', '0.002', '--new-films', '0.0005', '--unknown-films', '0.002'],
  ...['--re-ratings', '0.05', '--watches', '0.1'],
];

function producerSpec(settings: Settings, rate: number, reportFile: string): ProcessSpec {
  return createOwnProcessSpec({
    name: 'producer',
    nodeCommand: process.execPath,
    launcher,
    args: ['produce', '--rate', String(rate), ...DAILY_LOAD, '--report-json', reportFile],
    cwd: projectRoot,
    after: ['kafka', 'registry', 'sink'],
    port: settings.REELSTREAM_PRODUCER_METRICS_PORT,
    portSetting: 'REELSTREAM_PRODUCER_METRICS_PORT',
    stopDeadlineMs: serviceStopDeadlineMs(settings),
  });
}
