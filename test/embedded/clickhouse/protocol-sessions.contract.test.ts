import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, type ServerUnderTest, sharedServerUnderTest, until } from './server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await sharedServerUnderTest();
});
afterAll(() => server?.stop());

const inSession = (session_id: string, params: Record<string, string> = {}): Ask => ({
  params: { session_id, ...params },
});

describe('a named session', () => {
  it('keeps temporary tables, SET and USE', async () => {
    const session = inSession(randomUUID());
    await server.value('CREATE TEMPORARY TABLE kept (a UInt8)', session);
    await server.value('INSERT INTO kept VALUES (7)', session);
    await server.value('SET max_threads = 3', session);
    expect(await server.value("SELECT a, getSetting('max_threads') FROM kept", session)).toBe('7\t3');
    expect((await server.post('SELECT a FROM kept')).status).toBe(404);
  });

  it('takes settings and database of the address for one request only', async () => {
    const session = randomUUID();
    await server.value('SET max_threads = 3', inSession(session));
    const other = inSession(session, { max_threads: '5', max_block_size: '777', database: 'system' });
    const state = "SELECT getSetting('max_threads'), getSetting('max_block_size'), currentDatabase()";
    expect(await server.value(state, other)).toBe('5\t777\tsystem');
    expect(await server.value(state, inSession(session))).toMatch(
      new RegExp(`^3\t\\d{5}\t${server.database}$`),
    );
  });

  it('takes parameters of the address for one request only', async () => {
    const session = randomUUID();
    const use = 'SELECT {mine:String}, {lent:UInt8}';
    await server.value("SET param_mine = 'a\\\\tb'", inSession(session));
    const lent = inSession(session, { param_mine: 'other', param_lent: '7' });
    expect(await server.value(use, lent)).toBe('other\t7');
    const reply = await server.post(use, inSession(session));
    expect(reply.headers['x-clickhouse-exception-code'], reply.text).toBe('456');
    expect(await server.value('SELECT {mine:String}', inSession(session))).toBe('a\\tb');
    expect(await server.value(use, inSession(session, { param_lent: '8' }))).toBe('a\\tb\t8');
    await server.value('SET param_lent = 9', inSession(session));
    expect(await server.value('SELECT {lent:UInt8}', inSession(session))).toBe('9');
  });

  it('goes on after an error', async () => {
    const session = inSession(randomUUID());
    await server.value('CREATE TEMPORARY TABLE kept (a UInt8)', session);
    expect((await server.post('SELECT nope', session)).status).toBe(404);
    expect((await server.get('SELECT count() FROM kept', session)).text).toBe('0\n');
  });

  it('serves one request at a time', async () => {
    const session = inSession(randomUUID());
    const long = server.value('SELECT sleep(1)', session);
    await until('the session is taken', async () => {
      const reply = await server.post('SELECT 1', session);
      return reply.headers['x-clickhouse-exception-code'] === '373';
    });
    await long;
    expect(await server.value('SELECT 1', session)).toBe('1');
  });

  it('is free again before its client has read the end of the answer', async () => {
    const session = inSession(randomUUID());
    for (let i = 0; i < 50; i++) expect(await server.value('SELECT 1', session)).toBe('1');
  });

  it('ends after its time-out', async () => {
    const session = inSession(randomUUID(), { session_timeout: '1' });
    await server.value('CREATE TEMPORARY TABLE kept (a UInt8)', session);
    const check = inSession(session.params?.session_id ?? '', { session_check: '1', session_timeout: '1' });
    expect((await server.post('SELECT 1', check)).status).toBe(200);
    // asking keeps it alive: so ask only every 1.3 s
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    const reply = await server.post('SELECT count() FROM kept', check);
    expect(reply.headers['x-clickhouse-exception-code']).toBe('372');
  });

  it('can be required to exist', async () => {
    const reply = await server.post('SELECT 1', inSession(randomUUID(), { session_check: '1' }));
    expect(reply.headers['x-clickhouse-exception-code']).toBe('372');
  });

  it.each(['0x', '100000'])('refuses the time-out %s', async (session_timeout) => {
    const reply = await server.post('SELECT 1', inSession(randomUUID(), { session_timeout }));
    expect(reply.headers['x-clickhouse-exception-code']).toBe('374');
  });

  it('reads only by GET, too', async () => {
    const session = inSession(randomUUID());
    await server.value('CREATE TEMPORARY TABLE kept (a UInt8)', session);
    const reply = await server.get('INSERT INTO kept SELECT 1', session);
    expect(reply.headers['x-clickhouse-exception-code']).toBe('164');
    expect(await server.value('SELECT count() FROM kept', session)).toBe('0');
    expect((await server.post('INSERT INTO kept SELECT 1', session)).status).toBe(200);
  });
});
