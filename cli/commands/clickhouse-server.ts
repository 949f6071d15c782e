import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { MetricName } from '../../core/metrics-catalogue.ts';
import { threadsNeeded } from '../../embedded/clickhouse/admission.ts';
import { startClickHouseServer } from '../../embedded/clickhouse/server.ts';
import { CLICKHOUSE_SERVER_DEFAULTS } from '../../embedded/clickhouse/server-options.ts';
import type { User } from '../../embedded/clickhouse/users.ts';
import type { ExitCode } from '../../runtime/exit-codes.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createMetrics, type MetricsRegistry } from '../../runtime/metrics.ts';
import { runService, type Service } from '../../runtime/run-service.ts';
import type { Settings } from '../../runtime/settings.ts';
import { action, type Configure, parseDurationMs, parseInteger } from '../command.ts';
import { projectVersion } from '../service-frame.ts';

interface Options {
  readonly data?: string;
  readonly port?: number;
  readonly scratch?: string;
  readonly maxQueries: number;
  readonly queueWait?: number;
  readonly maxBodyBytes?: number;
  readonly maxScratchBytes?: number;
  readonly sendTimeout?: number;
  readonly drainTimeout?: number;
}

const METRIC_NAMES = [
  'clickhouse_server_requests_total',
  'clickhouse_server_request_duration_seconds',
  'clickhouse_server_body_bytes_total',
  'clickhouse_server_answer_bytes_total',
  'clickhouse_server_running_queries',
  'clickhouse_server_scratch_bytes',
] as const satisfies readonly MetricName[];

const { maxConcurrentQueries } = CLICKHOUSE_SERVER_DEFAULTS;

export const configure: Configure = (command) => {
  command
    .option('--data <folder>', 'folder of the data')
    .option('--port <port>', 'port to listen on, 0 takes a free one', parseInteger('--port', 0, 65_535))
    .option('--scratch <folder>', 'folder for request bodies, emptied at start (default: memory-backed)')
    .option(
      '--max-queries <n>',
      'statements at once',
      parseInteger('--max-queries', 1, 500),
      maxConcurrentQueries,
    )
    .option('--queue-wait <duration>', 'a statement waits so long for a place', parseDurationMs)
    .option(
      '--max-body-bytes <n>',
      'largest body of one request',
      parseInteger('--max-body-bytes', 1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--max-scratch-bytes <n>',
      'of all bodies together, and of all answers held back',
      parseInteger('--max-scratch-bytes', 1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--send-timeout <duration>',
      'a client that reads nothing for so long is given up',
      parseDurationMs,
    )
    .option('--drain-timeout <duration>', 'at a stop, statements may run on for so long', parseDurationMs)
    .action(
      action(async (options: Options, settings) => {
        const threads = threadsNeeded(options.maxQueries);
        if (Number(process.env.UV_THREADPOOL_SIZE ?? 0) < threads) return runWithThreads(threads);
        return run(options, settings);
      }),
    );
};

/**
 * The size of the thread pool is fixed before a program's first line runs, so it has to come from outside. Started
 * without it (by hand), this process starts itself again with it and stands in between.
 */
async function runWithThreads(threads: number): Promise<ExitCode> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
  const child = fork(process.argv[1] ?? '', process.argv.slice(2), { env });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGINT', forward).off('SIGTERM', forward);
  return (code ?? 1) as ExitCode;
}

function run(options: Options, settings: Settings): Promise<ExitCode> {
  const logger = createLogger({
    level: settings.REELSTREAM_LOG_LEVEL,
    service: 'clickhouse-server',
    descriptor: 2,
  });
  const metrics = createMetrics({ service: 'clickhouse', version: projectVersion(), names: METRIC_NAMES });
  const begin = async (): Promise<Service> => {
    const server = await startClickHouseServer({
      dataDir: resolve(options.data ?? join(settings.REELSTREAM_HOME, 'data', 'clickhouse')),
      scratchDir: options.scratch,
      host: settings.REELSTREAM_LISTEN_HOST,
      port: options.port ?? settings.REELSTREAM_CLICKHOUSE_PORT,
      users: usersOf(settings),
      memoryLimitBytes: settings.REELSTREAM_CLICKHOUSE_MEMORY_MB * 1_000_000,
      maxConcurrentQueries: options.maxQueries,
      queueWaitMs: options.queueWait,
      maxBodyBytes: options.maxBodyBytes,
      maxScratchBytes: options.maxScratchBytes,
      sendTimeoutMs: options.sendTimeout,
      drainTimeoutMs: options.drainTimeout,
      logger,
      onRequest({ kind, outcome, elapsedMs, bodyBytes, answerBytes }) {
        metrics.add('clickhouse_server_requests_total', { kind, outcome });
        metrics.observe('clickhouse_server_request_duration_seconds', { kind }, elapsedMs / 1_000);
        metrics.add('clickhouse_server_body_bytes_total', {}, bodyBytes);
        metrics.add('clickhouse_server_answer_bytes_total', {}, answerBytes);
      },
      exposeMetrics: () => expose(metrics, server.status()),
    });
    const { version, wasCleanStop } = server.status();
    const ready = { ready: true, port: server.port, pid: process.pid, version, wasCleanStop };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return { done: parentGone(), stop: () => server.close() };
  };
  return runService(begin, { logger, stopTimeoutMs: settings.REELSTREAM_STOP_TIMEOUT_MS });
}

function expose(metrics: MetricsRegistry, status: { running: readonly unknown[]; scratchBytes: number }) {
  metrics.set('clickhouse_server_running_queries', {}, status.running.length);
  metrics.set('clickhouse_server_scratch_bytes', {}, status.scratchBytes);
  return metrics.expose();
}

function usersOf(settings: Settings): User[] {
  const writer = {
    name: settings.REELSTREAM_CLICKHOUSE_USERNAME,
    password: settings.REELSTREAM_CLICKHOUSE_PASSWORD,
    isReadOnly: false,
  };
  const readerName = settings.REELSTREAM_CLICKHOUSE_READONLY_USERNAME;
  if (readerName === '') return [writer];
  const password = settings.REELSTREAM_CLICKHOUSE_READONLY_PASSWORD;
  return [writer, { name: readerName, password, isReadOnly: true }];
}

/** Ends with the process at the other end of the channel, even when that one was killed. Without a channel, never. */
function parentGone(): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', () => resolve());
    // listening must not keep a stopped server alive
    process.channel?.unref();
  });
}
