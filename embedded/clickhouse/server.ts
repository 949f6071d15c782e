import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { createAdmission } from './admission.ts';
import { cleanStopMarker } from './clean-stop.ts';
import { openEngine } from './engine.ts';
import { ENGINE_USERS, engineConfig } from './engine-config.ts';
import { createFifoPool } from './fifo.ts';
import { createNamedSessions } from './named-sessions.ts';
import { createQueryHandler } from './query-handler.ts';
import { openRequestLog } from './request-log.ts';
import { createRoutes } from './routes.ts';
import { createRunningQueries, type RunningQueries } from './running-queries.ts';
import { defaultScratchDir, openScratch } from './scratch.ts';
import { ServerException } from './server-exception.ts';
import {
  CLICKHOUSE_SERVER_DEFAULTS,
  type ClickHouseServerOptions,
  type ServerStatus,
} from './server-options.ts';
import { createStatementRunner } from './statement-runner.ts';

export interface ClickHouseServer {
  readonly port: number;
  status(): ServerStatus;
  /**
   * Refuses new statements, lets the running ones end (or kills them at the deadline), leaves the marker.
   * @throws ReelstreamError `timeout` when something would not end; there is no marker then
   */
  close(): Promise<void>;
}

/** Statements come in addresses as well; a server takes up to 1 MiB of them. */
const MAX_HEADER_BYTES = 1_114_112;
/** longer than clients keep an idle connection, so that it is they who close it */
const KEEP_ALIVE_MS = 10_000;
/** a body may come slowly, but not for ever */
const REQUEST_TIMEOUT_MS = 3_600_000;
const KILL_GRACE_MS = 5_000;
const POLL_MS = 20;

/**
 * The ClickHouse HTTP protocol in front of the embedded engine.
 * @throws ReelstreamError `unavailable` when another process holds the folder, `settings` when the port is taken
 */
export async function startClickHouseServer(options: ClickHouseServerOptions): Promise<ClickHouseServer> {
  const limits = { ...CLICKHOUSE_SERVER_DEFAULTS, ...withoutUndefined(options) };
  const { dataDir, clock = systemClock, logger = silentLogger, host = '127.0.0.1' } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const configFile = join(dataDir, 'engine.xml');
  const usersFile = resolve(dataDir, 'users.xml');
  writeFileSync(usersFile, ENGINE_USERS);
  writeFileSync(configFile, engineConfig({ memoryLimitBytes: limits.memoryLimitBytes, usersFile }));
  const folder = join(dataDir, 'engine');
  const isFirstStart = !existsSync(folder);
  const engine = openEngine({ folder, configFile });
  // from here on the folder is locked: nobody else reads or writes what stands beside it
  const marker = cleanStopMarker(dataDir);
  let wasCleanStop = false;
  const scratch = openScratch(options.scratchDir ?? defaultScratchDir(dataDir), limits.maxScratchBytes);
  const spill = openScratch(join(dataDir, 'answers'), limits.maxScratchBytes);
  const requestLog = openRequestLog(join(dataDir, 'requests.log'), (error) =>
    logger.warn({ error: error.message }, 'the request log cannot be written; requests go on without it'),
  );
  const sessions = createNamedSessions(engine);
  const running = createRunningQueries(engine, clock);
  const [instanceId, startedAtMs] = [randomUUID(), clock.nowMs()];
  let stopping = false;
  const requireOpen = () => {
    if (stopping) throw new ServerException(236, 'ABORTED', 'The server is stopping; try again later');
  };
  const status = (): ServerStatus => ({
    version: engine.version,
    instanceId,
    startedAtMs,
    uptimeMs: clock.nowMs() - startedAtMs,
    wasCleanStop,
    isFirstStart,
    stopping,
    running: running.list().map(({ queryId, user, keyword, startedMs }) => {
      return { queryId, user, keyword, elapsedMs: clock.nowMs() - startedMs };
    }),
    sessions: sessions.size,
    scratchBytes: scratch.usedBytes,
    rssBytes: process.memoryUsage.rss(),
  });
  const handleQuery = createQueryHandler({
    engine,
    scratch,
    sessions,
    running,
    admission: createAdmission({
      maxConcurrent: limits.maxConcurrentQueries,
      maxWaitMs: limits.queueWaitMs,
      clock,
    }),
    runner: createStatementRunner({
      fifos: createFifoPool(scratch.folder, limits.maxConcurrentQueries),
      spill,
      running,
    }),
    clock,
    users: options.users ?? [{ name: 'default', password: '', isReadOnly: false }],
    allowedHosts: [host, ...(options.allowedHosts ?? [])],
    displayName: 'reelstream',
    maxBodyBytes: limits.maxBodyBytes,
    sendTimeoutMs: limits.sendTimeoutMs,
    requireOpen,
    report(record) {
      requestLog.write(clock.nowMs(), record);
      options.onRequest?.(record);
    },
  });
  const routes = createRoutes({ handleQuery, status, exposeMetrics: options.exposeMetrics });
  const timeouts = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, ...timeouts }, routes);
  const closeFolders = () => Promise.all([scratch.close(), spill.close(), requestLog.close()]);
  const port = await listen(server, host, options.port).catch(async (error: unknown) => {
    await engine.close();
    await closeFolders();
    throw error;
  });
  // not before the port is ours: a start that fails must not make the last stop look like a crash
  wasCleanStop = marker.take();
  if (!wasCleanStop && !isFirstStart) {
    logger.warn(
      {},
      'the last stop was no orderly one: what was written last may be gone; reelstream audit tells',
    );
  }
  return {
    port,
    status,
    async close() {
      stopping = true;
      await drain(running, clock, limits.drainTimeoutMs);
      await closeServer(server);
      sessions.closeAll();
      await engine.close();
      await closeFolders();
      marker.leave(clock.nowMs());
    },
  };
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ReelstreamError('settings', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** New statements are refused meanwhile, by an answer rather than a closed door. */
async function drain(running: RunningQueries, clock: Clock, timeoutMs: number): Promise<void> {
  const isEmpty = async (withinMs: number) => {
    const deadlineMs = clock.monotonicMs() + withinMs;
    while (running.list().length > 0 && clock.monotonicMs() < deadlineMs) await clock.sleep(POLL_MS);
    return running.list().length === 0;
  };
  if (await isEmpty(timeoutMs)) return;
  for (const query of running.list()) running.cancel(query);
  if (await isEmpty(KILL_GRACE_MS)) return;
  const left = running.list().map(({ queryId }) => queryId);
  throw new ReelstreamError('timeout', `statements did not end, not even killed: ${left.join(', ')}`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), KILL_GRACE_MS);
  await closed;
  clearTimeout(timer);
}
