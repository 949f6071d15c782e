import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryFindings } from '../../../cli/doctor/registry.ts';

/** A registry that wants a password. */
let server: Server;
let url: string;
beforeAll(async () => {
  const wanted = `Basic ${Buffer.from('reader:secretpw').toString('base64')}`;
  server = createServer(({ url: path, headers }, response) => {
    response
      .writeHead(path !== '/api/subjects' ? 404 : headers.authorization === wanted ? 200 : 401)
      .end('[]');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});
afterAll(() => server.close());

describe('the registry', () => {
  it('is asked with the password that it wants, which is not shown', async () => {
    for (const address of [url, `${url}/`]) {
      expect(await registryFindings({ url: address, username: 'reader', password: 'secretpw' })).toEqual([
        { what: 'registry', health: 'ok', detail: `${url}/subjects answers 200` },
      ]);
    }
  });

  it('is bad when it refuses us or does not answer', async () => {
    expect(await registryFindings({ url })).toMatchObject([
      { health: 'bad', detail: `${url}/subjects answers 401` },
    ]);
    expect(await registryFindings({ url: 'http://127.0.0.1:9' })).toMatchObject([
      { health: 'bad', detail: expect.stringMatching(/does not answer: (bad port|connect ECONNREFUSED)/) },
    ]);
  });
});
