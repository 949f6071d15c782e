import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from '../../runtime/health-server.ts';
import { createMetrics, createSilentMetrics } from '../../runtime/metrics.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

async function start(notReady: readonly string[], alive = true) {
  const metrics = createMetrics({ service: 'test', version: '0', names: [] });
  server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    metrics,
    alive: () => alive,
    notReady: () => notReady,
    status: () => ({ rows: 3 }),
  });
  return (path: string) => fetch(`http://127.0.0.1:${server?.port}${path}`);
}

describe('health server', () => {
  it('answers metrics, health, readiness and status', async () => {
    const get = await start([]);
    expect(await (await get('/metrics')).text()).toContain('reelstream_build_info');
    expect((await get('/healthz')).status).toBe(200);
    expect(await (await get('/readyz')).json()).toEqual({ ready: true, reasons: [] });
    expect(await (await get('/status')).json()).toEqual({ rows: 3 });
    expect((await get('/nothing')).status).toBe(404);
  });

  it('has no metrics where they are switched off, so that nobody takes it for watched', async () => {
    server = await startHealthServer({
      host: '127.0.0.1',
      port: 0,
      metrics: createSilentMetrics(),
      alive: () => true,
      notReady: () => [],
    });
    expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(404);
  });

  it('says why it is not ready', async () => {
    const get = await start(['slot 3 halted']);
    const answer = await get('/readyz');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, reasons: ['slot 3 halted'] });
  });

  it('reports a stuck process', async () => {
    const get = await start([], false);
    expect((await get('/healthz')).status).toBe(503);
  });

  it('answers to names of this machine alone', async () => {
    await start([]);
    const port = server?.port ?? 0;
    const calledAs = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ port, host: '127.0.0.1', path: '/status', headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        sent.once('error', reject).end();
      });
    for (const host of [`127.0.0.1:${port}`, 'localhost', `LOCALHOST:${port}`, `[::1]:${port}`, '10.1.2.3']) {
      expect([host, await calledAs(host)]).toEqual([host, 200]);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.nip.io',
    ]) {
      expect([host, await calledAs(host)]).toEqual([host, 421]);
    }
  });

  it('names the taken address', async () => {
    await start([]);
    const metrics = createMetrics({ service: 'test', version: '0', names: [] });
    const second = startHealthServer({
      host: '127.0.0.1',
      port: server?.port ?? 0,
      metrics,
      alive: () => true,
      notReady: () => [],
    });
    await expect(second).rejects.toThrow(/is taken by another process/);
  });
});
