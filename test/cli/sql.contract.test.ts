import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/program.ts';

/** What `sql` asks of a stock server. It refuses a `readonly` that comes from a user who is read-only already (code 164). */
interface Asked {
  readonly user: string | undefined;
  readonly url: URLSearchParams;
}

let server: Server;
let asked: Asked[];
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, basic = ''] = (request.headers.authorization ?? '').split(' ');
    const [user] = Buffer.from(basic, 'base64').toString().split(':');
    asked.push({ user, url: new URL(request.url ?? '', 'http://server').searchParams });
    request.resume().once('end', () => response.end('one\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function sql(more: Readonly<Record<string, string>>): Promise<Asked> {
  const { code, stdout, stderr } = await runProgram(['sql', 'SELECT 1'], {
    REELSTREAM_CLICKHOUSE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...more,
  });
  expect([code, stdout, stderr]).toEqual([0, 'one\n', '']);
  expect(asked).toHaveLength(1);
  return asked[0]!;
}

describe('sql', () => {
  it('asks for readonly when its user may write', async () => {
    const { user, url } = await sql({});
    expect([user, url.get('readonly')]).toEqual(['default', '1']);
  });

  it('says nothing of readonly as the read-only user, who has it from his profile', async () => {
    const { user, url } = await sql({
      REELSTREAM_CLICKHOUSE_READONLY_USERNAME: 'reader',
      REELSTREAM_CLICKHOUSE_READONLY_PASSWORD: 'reader',
    });
    expect([user, url.get('readonly')]).toEqual(['reader', null]);
  });
});
