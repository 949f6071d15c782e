import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestClickHouse, type TestClickHouse } from '../../helpers/clickhouse-server.ts';

let server: TestClickHouse;
beforeAll(async () => {
  server = await startTestClickHouse();
});
afterAll(async () => {
  await server.stop();
});

it('keeps what was inserted over a kill', async () => {
  const client = createClient({ url: server.url });
  await client.command({
    query: 'CREATE TABLE kept (a UInt32, b String DEFAULT toString(a)) ENGINE = MergeTree ORDER BY a',
  });
  await client.insert({ table: 'kept', values: [{ a: 1 }, { a: 2, b: 'two' }], format: 'JSONEachRow' });
  await server.kill();
  await server.restart();
  const rows = await client.query({ query: 'SELECT * FROM kept ORDER BY a', format: 'JSONEachRow' });
  expect(await rows.json()).toEqual([
    { a: 1, b: '1' },
    { a: 2, b: 'two' },
  ]);
  await expect(client.query({ query: 'SELECT nope' })).rejects.toMatchObject({
    code: '47',
    type: 'UNKNOWN_IDENTIFIER',
  });
  await client.close();
});
