import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from '../../runtime/health-server.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createWorld, someHistory, type World } from './in-memory.ts';

/** The API on the port that has health and metrics too, over real HTTP. */
describe('on the port of a service', () => {
  let w: World;
  let server: HealthServer;
  let isOpen = false;
  const at = (path: string) => `http://127.0.0.1:${server.port}${path}`;

  beforeAll(async () => {
    w = await createWorld({ maxBodyBytes: 1_000 }, someHistory());
    server = await startHealthServer({
      host: '127.0.0.1',
      port: 0,
      metrics: createMetrics({ service: 'test', version: '0', names: [] }),
      alive: () => true,
      notReady: () => [],
      status: () => ({ rows: 3 }),
      others: () => (isOpen ? w.api.handle : null),
    });
  });
  afterAll(() => server.close());

  it('says that it starts, then answers; health and metrics answer all the time', async () => {
    const early = await fetch(at('/api/v1/user/1'));
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await fetch(at('/readyz'))).status).toBe(200);
    isOpen = true;
    expect(await (await fetch(at('/api/v1/user/1'))).json()).toMatchObject({ user_id: 1 });
    const written = await fetch(at('/api/v1/user/1/rating'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ movie_id: 2, rating: 4.5 }),
    });
    expect([written.status, await written.json()]).toEqual([200, expect.objectContaining({ rating: 4.5 })]);
    const page = await fetch(at('/ui/'));
    expect([page.status, await page.text()]).toEqual([200, '<p>a page</p>']);
    expect(page.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect((await fetch(at('/ui/'), { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
    expect((await fetch(at('/ui/../package.json'))).status).toBe(404);
    expect((await fetch(at('/ui/%2e%2e/package.json'))).status).toBe(404);
    expect((await fetch(at('/docs/'))).headers.get('content-type')).toMatch(/html/);
    expect(await (await fetch(at('/metrics?x=1'))).text()).toContain('reelstream_build_info');
    expect(await (await fetch(at('/status'))).json()).toEqual({ rows: 3 });
    expect((await fetch(at('/nothing'))).headers.get('content-type')).toMatch(/problem\+json/);
  });

  it('refuses a body without a length once it is too long', async () => {
    isOpen = true;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const sent = httpRequest(at('/api/v1/user'), { method: 'PUT', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject);
      for (let i = 0; i < 10; i++) sent.write(' '.repeat(500));
      sent.end('{}');
    });
    expect(status).toBe(413);
  });
});
