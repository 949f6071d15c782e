import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { MetricName } from '../core/metrics-catalogue.ts';
import { projectRoot } from '../runtime/environment.ts';
import type { ExitCode } from '../runtime/exit-codes.ts';
import {
  type Control,
  type HealthServer,
  type RequestHandler,
  startHealthServer,
} from '../runtime/health-server.ts';
import { createLogger } from '../runtime/logger.ts';
import { createMetrics, createSilentMetrics, type MetricsRegistry } from '../runtime/metrics.ts';
import { onStopSignals } from '../runtime/process-events.ts';
import { runService, type Service } from '../runtime/run-service.ts';
import type { Scrapes } from '../runtime/scrapes.ts';
import type { Settings } from '../runtime/settings.ts';
import { namingSettings } from './name-settings.ts';

export interface FramedService extends Service {
  alive(): boolean;
  notReady(): readonly string[];
  status(): object;
  /** after `stop`: figures changed that Prometheus must see before the process is gone */
  readonly hasLastWord?: () => boolean;
  /** see HealthOptions */
  readonly controls?: Readonly<Record<string, Control>>;
  /** with `answersRequests`: everything but health and metrics */
  readonly handle?: RequestHandler;
}

export interface FrameOptions {
  readonly name: string;
  readonly port: number;
  readonly metricNames: readonly MetricName[];
  readonly knownLabels?: Readonly<Record<string, readonly (string | number)[]>>;
  /** paths that the service takes PUT requests on once it runs */
  readonly controlPaths?: readonly string[];
  /** the service answers requests of its own on the same port */
  readonly answersRequests?: boolean;
  /** 2 when stdout carries an answer */
  readonly logDescriptor?: 1 | 2;
}

export interface Frame {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** Logger, metrics and health around a service; health answers before the service is ready and while it drains. */
export async function runFramed(
  settings: Settings,
  options: FrameOptions,
  start: (frame: Frame) => Promise<FramedService>,
): Promise<ExitCode> {
  const logger = createLogger({
    level: settings.REELSTREAM_LOG_LEVEL,
    service: options.name,
    descriptor: options.logDescriptor ?? 1,
  });
  const metrics = settings.REELSTREAM_METRICS
    ? createMetrics({
        service: options.name,
        version: projectVersion(),
        names: options.metricNames,
        knownLabels: options.knownLabels ?? {},
      })
    : createSilentMetrics();
  if (metrics.switchedOff)
    logger.warn({}, 'REELSTREAM_METRICS is false: nothing is counted, /metrics answers 404');
  let service: FramedService | undefined;
  let health: HealthServer | undefined;
  const begin = async (): Promise<Service> => {
    health = await startHealthServer({
      host: settings.REELSTREAM_LISTEN_HOST,
      port: options.port,
      metrics,
      alive: () => service?.alive() ?? true,
      notReady: () => service?.notReady() ?? ['starting'],
      status: () => service?.status() ?? {},
      ...(options.answersRequests ? { others: () => service?.handle ?? null } : {}),
      controls: proxyOf(options.controlPaths ?? [], () => service?.controls),
    });
    const started = await start({ logger, metrics });
    service = started;
    return { done: started.done.catch(raiseNaming), stop: () => started.stop() };
  };
  try {
    const code = await runService(() => begin().catch(raiseNaming), {
      logger,
      stopTimeoutMs: settings.REELSTREAM_STOP_TIMEOUT_MS,
    });
    // after the drain and its deadline: the work is done, only its figures have not been fetched
    if (health && service?.hasLastWord?.()) await lastScrape(health.scrapes, logger);
    return code;
  } finally {
    await health?.close();
  }
}

async function lastScrape(scrapes: Scrapes, logger: Logger): Promise<void> {
  const longestMs = Math.round(scrapes.longestWaitMs());
  if (longestMs === 0) return;
  logger.info({ longestMs }, 'done; waiting for Prometheus to fetch the last figures, Ctrl-C ends that');
  const unwanted = new AbortController();
  const end = () => unwanted.abort();
  const ignoreSignals = onStopSignals(['SIGINT', 'SIGTERM'], { onStop: end, onHurry: end });
  await scrapes.untilNext(unwanted.signal);
  ignoreSignals();
}

function raiseNaming(thrown: unknown): never {
  throw namingSettings(thrown);
}

function proxyOf(
  paths: readonly string[],
  controls: () => FramedService['controls'],
): Readonly<Record<string, Control>> {
  const control =
    (path: string): Control =>
    (body) => {
      const found = controls()?.[path];
      if (!found) throw new ReelstreamError('usage', 'not yet: the service is starting');
      return found(body);
    };
  return Object.fromEntries(paths.map((path) => [path, control(path)]));
}

export function projectVersion(): string {
  return (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
