import { join, resolve } from 'node:path';
import { startClickHouseServer } from '../../embedded/clickhouse/server.ts';
import { createLogger } from '../../runtime/logger.ts';
import { runService } from '../../runtime/run-service.ts';
import { action, type Configure, parseInteger } from '../command.ts';

interface Options {
  readonly data?: string;
  readonly port?: number;
  readonly scratch?: string;
}

export const configure: Configure = (command) => {
  command
    .option('--data <folder>', 'the folder of the data')
    .option('--port <port>', 'port to listen on, 0 takes a free one', parseInteger('--port', 0, 65_535))
    .option('--scratch <folder>', 'folder for bodies and pipes, emptied at start')
    .action(
      action(async (options: Options, settings) => {
        const dataDir = resolve(options.data ?? join(settings.REELSTREAM_HOME, 'data', 'clickhouse'));
        const logger = createLogger({
          level: settings.REELSTREAM_LOG_LEVEL,
          service: 'clickhouse-server',
          descriptor: 2,
        });
        const begin = async () => {
          const server = await startClickHouseServer({
            dataDir,
            scratchDir: options.scratch ?? join(dataDir, 'scratch'),
            host: settings.REELSTREAM_LISTEN_HOST,
            port: options.port ?? settings.REELSTREAM_CLICKHOUSE_PORT,
            memoryLimitBytes: settings.REELSTREAM_CLICKHOUSE_MEMORY_MB * 1_000_000,
          });
          process.stdout.write(`${JSON.stringify({ ready: true, port: server.port, pid: process.pid })}\n`);
          return { done: new Promise<void>(() => {}), stop: () => server.close() };
        };
        return runService(begin, { logger, stopTimeoutMs: settings.REELSTREAM_STOP_TIMEOUT_MS });
      }),
    );
};
