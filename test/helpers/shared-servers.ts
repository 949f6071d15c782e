import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startTestClickHouse } from './clickhouse-server.ts';
import { startTestKafka, startTestRegistry } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** address of whoever starts the shared servers; see shared.ts */
    sharedServers: string;
  }
}

/** Of this whole run: the suites of one command share them too. */
const OPENED = Symbol.for('reelstream.test.shared-servers');
type Opened = ReturnType<typeof openDoor>;
const ofThisRun = globalThis as { [OPENED]?: Opened };

/**
 * Most contract files need a broker, a registry or a ClickHouse and not one of their own: a name of their own does. Each of
 * the three starts when the first file asks for it, so that a file that needs none starts none.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  ofThisRun[OPENED] ??= openDoor();
  const { url, close } = await ofThisRun[OPENED];
  project.provide('sharedServers', url);
  return async () => {
    ofThisRun[OPENED] = undefined;
    await close();
  };
}

interface Server {
  /** what a test must know to use it */
  readonly at: string;
  stop(): Promise<void>;
}

/** An HTTP server for the workers, which are other processes: `GET /kafka` answers with where Kafka is. */
async function openDoor() {
  const kafka = once(async (): Promise<Server> => {
    const { brokers, remove } = await startTestKafka();
    return { at: brokers, stop: remove };
  });
  const registry = once(async (): Promise<Server> => {
    const { url, remove } = await startTestRegistry((await kafka.get()).at);
    return { at: url, stop: remove };
  });
  const clickhouse = once(async (): Promise<Server> => {
    // files that fill tables side by side share its memory, too
    const { url, stop } = await startTestClickHouse({
      environment: { REELSTREAM_CLICKHOUSE_MEMORY_MB: '4000' },
    });
    return { at: url, stop };
  });
  const servers = new Map(
    Object.entries({ '/kafka': kafka, '/registry': registry, '/clickhouse': clickhouse }),
  );
  const door = createServer((request, response) => {
    const asked = servers.get(request.url ?? '');
    if (!asked) return void response.writeHead(404).end();
    asked.get().then(
      ({ at }) => response.end(at),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    async close() {
      door.closeAllConnections();
      door.close();
      await Promise.all([clickhouse.stop(), registry.stop()]);
      await kafka.stop();
    },
  };
}

function once(make: () => Promise<Server>) {
  let made: Promise<Server> | undefined;
  const get = () => {
    made ??= make();
    return made;
  };
  return { get, stop: async () => (await made?.catch(() => undefined))?.stop() };
}
