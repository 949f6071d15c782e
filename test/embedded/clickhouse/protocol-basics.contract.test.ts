import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerUnderTest, sharedServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await sharedServerUnderTest();
  await server.value('CREATE TABLE films (id UInt32, title String) ENGINE = MergeTree ORDER BY id');
  await server.value("INSERT INTO films VALUES (1, 'one')");
});
afterAll(() => server?.stop());

describe('health', () => {
  it.each(['/ping', '/'])('answers Ok at %s', async (path) => {
    const reply = await server.send({ path });
    expect([reply.status, reply.text]).toEqual([200, 'Ok.\n']);
  });

  it('says 404 for a path it does not have', async () => {
    expect((await server.send({ path: '/nope' })).status).toBe(404);
  });
});

describe('where the statement stands', () => {
  it('in the address', async () => {
    expect((await server.get('SELECT 1')).text).toBe('1\n');
  });

  it('in the body', async () => {
    expect((await server.post('SELECT 1')).text).toBe('1\n');
  });

  it('in both: a line end stands between them', async () => {
    const reply = await server.send({ method: 'POST', params: { query: 'SELECT' }, body: '1 + 1' });
    expect(reply.text).toBe('2\n');
    expect((await server.send({ method: 'POST', params: { query: 'SEL' }, body: 'ECT 1' })).status).toBe(400);
  });

  it('longer than a header line usually may be', async () => {
    const text = 'x'.repeat(100_000);
    expect((await server.get(`SELECT length('${text}')`)).text).toBe('100000\n');
  });

  it('refuses a statement beyond max_query_size', async () => {
    const reply = await server.post(`SELECT length('${'x'.repeat(300_000)}')`);
    expect(reply.headers['x-clickhouse-exception-code']).toBe('62');
    const wider = await server.post(`SELECT length('${'x'.repeat(300_000)}')`, {
      params: { max_query_size: '1000000' },
    });
    expect(wider.text).toBe('300000\n');
  });
});

describe.skipIf(process.env.REELSTREAM_TEST_CLICKHOUSE_URL)('a statement of a million bytes', () => {
  const long = (bytes: number) => `SELECT length('${'x'.repeat(bytes)}')`;
  it.each(['0', '100000000'])('is the longest, also with max_query_size=%s', async (max_query_size) => {
    const params = { max_query_size };
    const taken = await server.post(long(1_000_000), { params });
    expect(taken.text).toBe('1000000\n');
    const refused = await server.post(long(1_100_000), { params });
    expect([refused.status, refused.headers['x-clickhouse-exception-code']]).toEqual([400, '62']);
    expect(refused.text).toContain('the most that this server takes');
  });
});

describe('one statement per request', () => {
  it.each([
    'SELECT 1; SELECT 2',
    'SELECT 1;SELECT 2;',
    'CREATE TABLE two (a UInt8) ENGINE = Memory; DROP TABLE films',
    "SELECT 'a' -- '\n; DROP TABLE films",
    'SELECT 1 /* /* */ */; DROP TABLE films',
    "INSERT INTO films SELECT 1, 'a'; DROP TABLE films",
    'SET max_threads = 1; DROP TABLE films',
  ])('refuses %s', async (sql) => {
    const reply = await server.post(sql);
    expect([reply.status, reply.headers['x-clickhouse-exception-code']]).toEqual([400, '62']);
    expect(
      await server.value(
        "SELECT count() FROM system.tables WHERE name = 'films' AND database = currentDatabase()",
      ),
    ).toBe('1');
  });

  it.each([
    ['SELECT 1;', '1'],
    ['SELECT 1 ;;  \n', '1'],
    ["SELECT 'a;b'", 'a;b'],
    ["SELECT 'it\\'s; fine'", "it\\'s; fine"],
    ["SELECT 'it''s; fine'", "it\\'s; fine"],
    ['SELECT 1 /* ; */', '1'],
    ['SELECT 1 -- ; drop', '1'],
    ['SELECT $doc$;$doc$', ';'],
    ['SELECT 1 AS `a;b`', '1'],
    ['SELECT 1; -- the end', '1'],
  ])('takes %s', async (sql, answer) => {
    expect(await server.value(sql)).toBe(answer);
  });
});

describe('parameters', () => {
  it('database chooses where names are looked up', async () => {
    expect((await server.get('SELECT currentDatabase()')).text).toBe(`${server.database}\n`);
    const reply = await server.get('SELECT currentDatabase()', {
      headers: { 'X-ClickHouse-Database': 'system' },
    });
    expect(reply.text).toBe('system\n');
    const unknown = await server.get('SELECT 1', { params: { database: 'no_such_database' } });
    expect([unknown.status, unknown.headers['x-clickhouse-exception-code']]).toEqual([404, '81']);
  });

  it('default_format is for statements that name none', async () => {
    const json = await server.get('SELECT 1 AS a', { params: { default_format: 'JSONEachRow' } });
    expect(json.text).toBe('{"a":1}\n');
    expect(json.headers['x-clickhouse-format']).toBe('JSONEachRow');
    const named = await server.get('SELECT 1 AS a FORMAT CSV', { params: { default_format: 'JSONEachRow' } });
    expect(named.text).toBe('1\n');
    expect(named.headers['x-clickhouse-format']).toBe('CSV');
    expect(named.headers['content-type']).toMatch(/^text\/csv/);
    const byHeader = await server.get('SELECT 1 AS a', {
      headers: { 'X-ClickHouse-Format': 'TSVWithNames' },
    });
    expect(byHeader.text).toBe('a\n1\n');
  });

  it('settings and values', async () => {
    const reply = await server.get("SELECT getSetting('max_threads'), {text:String}, {n:UInt32} + 1", {
      params: { max_threads: '3', param_text: "it's a \\t tab; --", param_n: '41' },
    });
    expect(reply.text).toBe("3\tit\\'s a \\t tab; --\t42\n");
  });

  it('unknown settings are an error', async () => {
    const reply = await server.get('SELECT 1', { params: { no_such_setting: '1' } });
    expect([reply.status, reply.headers['x-clickhouse-exception-code']]).toEqual([404, '115']);
  });

  it('settings of one request do not reach the next', async () => {
    await server.get('SELECT 1', { params: { max_threads: '3' } });
    expect(await server.value("SELECT changed FROM system.settings WHERE name = 'max_threads'")).toBe('0');
  });

  it('query_id comes back', async () => {
    const id = `chosen-${Date.now()}`;
    const reply = await server.get('SELECT 1', { params: { query_id: id } });
    expect(reply.headers['x-clickhouse-query-id']).toBe(id);
    const made = await server.get('SELECT 1', { params: { query_id: '' } });
    expect(made.headers['x-clickhouse-query-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('long values come as a form', async () => {
    const boundary = 'b0undary';
    const field = (name: string, value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const reply = await server.send({
      method: 'POST',
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: `${field('query', 'SELECT length({v:String})')}${field('param_v', 'x'.repeat(50_000))}--${boundary}--\r\n`,
    });
    expect(reply.text).toBe('50000\n');
  });
});

describe('answers', () => {
  it('carry what clients look for', async () => {
    const { headers } = await server.post('SELECT number FROM numbers(10)');
    expect(JSON.parse(String(headers['x-clickhouse-summary']))).toMatchObject({ read_rows: '10' });
    expect(headers['x-clickhouse-timezone']).toBeTruthy();
    expect(headers['x-clickhouse-server-display-name']).toBeTruthy();
    expect(headers['x-clickhouse-exception-tag']).toMatch(/^[a-z]{16}$/);
  });

  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['deflate', inflateSync],
  ] as const)('are compressed with %s when asked for twice', async (name, decode) => {
    const sql = 'SELECT number FROM numbers(100000)';
    const params = { enable_http_compression: '1' };
    const reply = await server.get(sql, { params, headers: { 'Accept-Encoding': `${name}` } });
    expect(reply.headers['content-encoding']).toBe(name);
    expect(decode(reply.bytes).toString().split('\n')).toHaveLength(100_001);
    const unasked = await server.get(sql, { headers: { 'Accept-Encoding': name } });
    expect(unasked.headers['content-encoding']).toBeUndefined();
  });

  it('wait_end_of_query holds the answer back until it is whole', async () => {
    const sql =
      'SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000';
    const reply = await server.post(sql, { params: { wait_end_of_query: '1' } });
    expect([reply.status, reply.headers['x-clickhouse-exception-code']]).toEqual([500, '395']);
    const fine = await server.post('SELECT number FROM numbers(100000)', {
      params: { wait_end_of_query: '1' },
    });
    expect(fine.text.split('\n')).toHaveLength(100_001);
  });

  it.each([
    'SHOW TABLES',
    'DESCRIBE TABLE films',
    'EXISTS TABLE films',
    'EXPLAIN SELECT 1',
    '(SELECT 1)',
    'WITH 1 AS x SELECT x',
    'SHOW CREATE TABLE films',
    'SELECT 1 SETTINGS max_threads = 1',
    'SELECT 1 FORMAT TSV SETTINGS max_threads = 1',
    'SELECT 1 -- note',
    'SELECT 1 AS format',
    'SHOW DATABASES',
    'SHOW FUNCTIONS',
    'SHOW ENGINES',
    "SHOW SETTINGS LIKE 'max_threads'",
    'SHOW COLUMNS FROM films',
    'SHOW INDEX FROM films',
    'SHOW PROCESSLIST',
    'SHOW CREATE DATABASE system',
    'SHOW TABLE films',
    'EXISTS DATABASE system',
    'EXPLAIN AST SELECT 1',
    'EXPLAIN SYNTAX SELECT 1',
    'EXPLAIN PIPELINE SELECT 1',
    'EXPLAIN ESTIMATE SELECT * FROM films',
    'CHECK TABLE films',
    'SELECT 1 UNION ALL SELECT 2 ORDER BY 1 LIMIT 1 SETTINGS max_threads = 1',
    'SELECT 1 INTERSECT SELECT 1',
    'FROM numbers(1) SELECT number',
    'DESC numbers(1)',
    'SELECT * FROM films FORMAT JSON',
  ])('have rows for %s', async (sql) => {
    const reply = await server.post(sql);
    expect([reply.status, reply.text.length > 1]).toEqual([200, true]);
  });
});

describe('errors', () => {
  it.each([
    ['SELECT nope', 404, '47', 'UNKNOWN_IDENTIFIER'],
    ['SELECT * FROM nope', 404, '60', 'UNKNOWN_TABLE'],
    ['SELECT nope()', 404, '46', 'UNKNOWN_FUNCTION'],
    ['SELECT 1 FORMAT Nope', 404, '73', 'UNKNOWN_FORMAT'],
    ['SELECT FROM WHERE', 400, '62', 'SYNTAX_ERROR'],
    ['', 400, '62', 'SYNTAX_ERROR'],
    [';', 400, '62', 'SYNTAX_ERROR'],
    ['selekt 1', 400, '62', 'SYNTAX_ERROR'],
    ["SELECT throwIf(1, 'mine')", 500, '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    [
      'SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_execution_time = 0.5, max_block_size = 1',
      408,
      '159',
      'TIMEOUT_EXCEEDED',
    ],
    ["SELECT 1 INTO OUTFILE '/tmp/never'", 500, '358', 'INTO_OUTFILE_NOT_ALLOWED'],
  ])('%s', async (sql, status, code, name) => {
    const reply = await server.post(sql);
    expect([reply.status, reply.headers['x-clickhouse-exception-code']]).toEqual([status, code]);
    expect(reply.text).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [\\s\\S]*\\(${name}\\) \\(version [^)]+`),
    );
    expect(reply.text.match(/DB::Exception/g)).toHaveLength(1);
  });

  it('in mid-answer never look like a whole answer', async () => {
    const sql =
      'SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000';
    const reply = await server.get(sql);
    expect(reply.status).toBe(200);
    expect(reply.complete).toBe(false);
    expect(reply.text).toContain(
      `__exception__\r\n${reply.headers['x-clickhouse-exception-tag']}\r\nCode: 395.`,
    );
  });

  it('in mid-answer never look like a whole answer when it is compressed', async () => {
    const sql =
      'SELECT number, throwIf(number = 2900000) FROM numbers(3000000) SETTINGS max_block_size = 10000';
    const params = { enable_http_compression: '1' };
    const reply = await server.get(sql, { params, headers: { 'Accept-Encoding': 'gzip' } });
    expect([reply.status, reply.complete]).toEqual([200, false]);
    expect(() => gunzipSync(reply.bytes)).toThrow(/unexpected end/);
  });
});

describe('@clickhouse/client', () => {
  const connect = (compression: boolean) =>
    createClient({
      url: server.url,
      database: server.database,
      compression: { request: compression, response: compression },
      log: { level: 127 },
    });

  it.each([false, true])('works, with compression %s', async (compression) => {
    const client = connect(compression);
    expect(await client.ping()).toMatchObject({ success: true });
    const table = `by_client_${compression}`;
    await client.command({
      query: `CREATE TABLE ${table} (id UInt32, name String) ENGINE = MergeTree ORDER BY id`,
    });
    const values = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `film ${id}` }));
    const { summary } = await client.insert({ table, values, format: 'JSONEachRow' });
    expect(summary?.written_rows).toBe('1000');
    const result = await client.query({
      query: `SELECT id, name FROM ${table} WHERE id = {id:UInt32}`,
      query_params: { id: 7 },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ id: 7, name: 'film 7' }]);
    const whole = await client.query({
      query: `SELECT toString(count()) AS n FROM ${table}`,
      format: 'JSON',
    });
    expect((await whole.json<{ n: string }>()).data).toEqual([{ n: '1000' }]);
    await client.close();
  });

  it('learns of an error in mid-answer', async () => {
    const client = connect(false);
    const query =
      'SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000';
    const result = await client.query({ query, format: 'JSONEachRow' });
    await expect(result.json()).rejects.toMatchObject({ code: '395' });
    await client.close();
  });

  it('gets typed errors', async () => {
    const client = connect(false);
    await expect(client.query({ query: 'SELECT nope' })).rejects.toMatchObject({
      code: '47',
      type: 'UNKNOWN_IDENTIFIER',
    });
    await client.close();
  });
});
