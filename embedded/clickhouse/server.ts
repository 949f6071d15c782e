import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { openEngine } from './engine.ts';
import { engineConfig } from './engine-config.ts';
import { createFifoPool } from './fifo.ts';
import { createQueryHandler } from './query-handler.ts';

export interface ClickHouseServerOptions {
  /** the engine's files, its configuration and the marker of a clean stop */
  readonly dataDir: string;
  /** bodies and named pipes; memory-backed is best. Emptied at start. */
  readonly scratchDir: string;
  readonly host?: string;
  /** 0 takes a free one */
  readonly port: number;
  readonly memoryLimitBytes?: number;
  readonly maxConcurrentQueries?: number;
  readonly maxBodyBytes?: number;
}

export interface ClickHouseServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The ClickHouse HTTP protocol in front of the embedded engine.
 * @throws ReelstreamError `unavailable` when another process holds the folder, `settings` when the port is taken
 */
export async function startClickHouseServer(options: ClickHouseServerOptions): Promise<ClickHouseServer> {
  const { dataDir, scratchDir, host = '127.0.0.1', port } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const configFile = join(dataDir, 'engine.xml');
  writeFileSync(configFile, engineConfig({ memoryLimitBytes: options.memoryLimitBytes ?? 1_200_000_000 }));
  const engine = openEngine({ folder: join(dataDir, 'engine'), configFile });
  rmSync(scratchDir, { recursive: true, force: true });
  mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
  const handle = createQueryHandler({
    engine,
    fifos: createFifoPool(scratchDir, options.maxConcurrentQueries ?? 16),
    scratchDir,
    maxBodyBytes: options.maxBodyBytes ?? 1_000_000_000,
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const isBare = request.method === 'GET' && url.search === '';
    if (url.pathname === '/ping' || (url.pathname === '/' && isBare)) {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8' }).end('Ok.\n');
      return;
    }
    void handle(request, response, url);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ReelstreamError('settings', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
      await engine.close();
    },
  };
}
