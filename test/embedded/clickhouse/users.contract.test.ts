import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, embeddedServer, type ServerUnderTest } from './server-under-test.ts';

const PASSWORD = 'p:ss wörd';
const environment = {
  REELSTREAM_CLICKHOUSE_USERNAME: 'default',
  REELSTREAM_CLICKHOUSE_PASSWORD: PASSWORD,
  REELSTREAM_CLICKHOUSE_READONLY_USERNAME: 'viewer',
  REELSTREAM_CLICKHOUSE_READONLY_PASSWORD: 'look',
};
const basic = (name: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});
const writer: Ask = { headers: basic('default', PASSWORD) };
const viewer: Ask = { headers: basic('viewer', 'look') };

/** by every way in which a statement can name a file or an address */
const READS_OUTSIDE = [
  "SELECT file('/etc/hostname')",
  "SELECT `file`('/etc/hostname')",
  'SELECT "FILE" /* */ (\'/etc/hostname\')',
  "SELECT `fi\\x6ce`('/etc/hostname')",
  "DESCRIBE file('/etc/hostname')",
  "DESCRIBE TABLE url('http://127.0.0.1:1/', CSV)",
  'EXISTS TABLE `/etc/passwd`',
  'EXISTS `/etc/passwd`',
  'DESCRIBE TABLE `/etc/hostname`',
  'DESCRIBE (SELECT * FROM `/etc/hostname`)',
  'SELECT * FROM `/etc/hostname`',
  'SELECT * FROM default.`/etc/hostname`',
  'SELECT * FROM default.LICENSE',
  'SELECT * FROM default.`package.json`',
  'SELECT 1 IN `/etc/hostname`',
  "SELECT 1 IN file('/etc/hostname', LineAsString)",
  "SELECT * APPLY(file) FROM (SELECT '/etc/hostname')",
  "SELECT * APPLY(x -> file(x)) FROM (SELECT '/etc/hostname')",
  "SELECT * REPLACE (file(a) AS a) FROM (SELECT '/etc/hostname' AS a)",
  "SELECT arrayMap(x -> file(x), ['/etc/hostname'])",
  "SELECT arrayMap(file, ['/etc/hostname'])",
  "WITH file('/etc/hostname') AS content SELECT content",
  "SELECT 1 WHERE 1 IN (SELECT 1 FROM view(SELECT file('/etc/hostname')))",
  "SHOW TABLES WHERE file('/etc/hostname') != ''",
  'SHOW TABLES WHERE name IN (SELECT * FROM default.`/etc/hostname`)',
  "SHOW COLUMNS FROM films WHERE file('/etc/hostname') != ''",
  "EXPLAIN SELECT file('/etc/hostname')",
  "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV')",
  "SELECT * FROM numbers(1) AS a JOIN url('http://127.0.0.1:1/', CSV) AS b ON 1",
  "SELECT hasColumnInTable('default', '/etc/hostname', 'c1')",
  "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '/etc/hostname'",
  "SELECT 1 SETTINGS additional_result_filter = 'file(\\'/etc/hostname\\') != \\'\\''",
];

let server: ServerUnderTest;
beforeAll(async () => {
  server = await embeddedServer({ environment });
  await server.value(`CREATE DATABASE IF NOT EXISTS ${server.database}`, {
    ...writer,
    params: { database: 'default' },
  });
  await server.value('CREATE TABLE films (id UInt32) ENGINE = MergeTree ORDER BY id', writer);
  await server.value('INSERT INTO films SELECT number FROM numbers(10)', writer);
});
afterAll(() => server?.stop());

describe('passwords', () => {
  it.each<[string, Ask]>([
    ['Basic', writer],
    ['headers', { headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': encodeURIComponent('x') } }],
    ['address', { params: { user: 'viewer', password: 'look' } }],
    ['headers of the viewer', { headers: { 'X-ClickHouse-User': 'viewer', 'X-ClickHouse-Key': 'look' } }],
  ])('by %s', async (name, ask) => {
    const expected = name === 'headers' ? 403 : 200;
    expect((await server.get('SELECT 1', ask)).status).toBe(expected);
  });

  it.each<[string, Ask]>([
    ['none', {}],
    ['wrong', { headers: basic('default', 'wrong') }],
    ['of another user', { headers: basic('viewer', PASSWORD) }],
    ['of an unknown user', { headers: basic('nobody', '') }],
    ['twice', { ...writer, params: { user: 'default', password: PASSWORD } }],
  ])('%s is refused', async (_, ask) => {
    const reply = await server.post('SELECT 1', ask);
    expect([401, 403]).toContain(reply.status);
    expect(reply.headers['x-clickhouse-exception-code']).toBe('516');
    expect(reply.text).toMatch(/^Code: 516\. DB::Exception: .*Authentication failed/);
    expect(reply.text).not.toContain(PASSWORD);
  });

  it('are not needed for health', async () => {
    expect((await server.send({ path: '/ping' })).status).toBe(200);
  });
});

describe('the read-only user', () => {
  it.each([
    'SELECT count() FROM films',
    'WITH 1 AS x SELECT x + count() FROM films',
    '(SELECT 1) UNION ALL (SELECT 2)',
    'SHOW TABLES',
    'DESCRIBE TABLE films',
    'EXISTS TABLE films',
    'EXPLAIN SELECT * FROM films',
    'SHOW CREATE TABLE films',
    'SELECT count() FROM system.processes',
    "SELECT 'INSERT; INTO OUTFILE'",
    'SELECT 1 FORMAT JSON',
    'SELECT 1 UNION ALL SELECT 2 LIMIT 1',
    "SHOW TABLES LIKE 'fil%'",
    'SELECT count() FROM numbers(3) WHERE number IN (SELECT id FROM films) OR 1 IN (1, 2)',
    "SELECT sum(id) AS `a/b`, format('{}', 'x') FROM films ORDER BY `a/b`",
    'SELECT * APPLY(toString) FROM films LIMIT 1',
    'EXISTS TABLE system.one',
    'SELECT \'file(1) format_template_row\' AS "file"',
  ])('may %s', async (sql) => {
    const reply = await server.post(sql, viewer);
    expect([reply.status, reply.text]).toEqual([200, expect.stringMatching(/./)]);
    expect((await server.get(sql, viewer)).status).toBe(200);
  });

  it('may set what a reader needs', async () => {
    const reply = await server.post("SELECT getSetting('max_threads'), {x:UInt8}", {
      ...viewer,
      params: { max_threads: '3', param_x: '4' },
    });
    expect(reply.text).toBe('3\t4\n');
  });

  it.each([
    'INSERT INTO films VALUES (1)',
    'INSERT INTO films SELECT 1',
    'WITH x AS (SELECT 1 AS a) INSERT INTO films SELECT a FROM x',
    'CREATE TABLE t (a UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE t (a UInt8)',
    'DROP TABLE films',
    'ALTER TABLE films DELETE WHERE 1',
    'TRUNCATE TABLE films',
    'OPTIMIZE TABLE films',
    'RENAME TABLE films TO other',
    'SET max_threads = 1',
    'SET readonly = 0',
    'USE system',
    'SYSTEM STOP MERGES',
    'SYSTEM DROP MARK CACHE',
    "KILL QUERY WHERE query_id = 'x'",
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_threads = 1',
    'SELECT 1; DROP TABLE films',
    "SELECT 1 INTO OUTFILE '/tmp/reelstream-outfile'",
    "SELECT 1 INTO OUTFILE '/tmp/reelstream-outfile' TRUNCATE FORMAT CSV",
    "SELECT 1 INTO/**/OUTFILE '/tmp/reelstream-outfile' FORMAT CSV",
    "SELECT 1 UNION ALL SELECT 2 INTO OUTFILE '/tmp/reelstream-outfile'",
    "SHOW TABLES INTO OUTFILE '/tmp/reelstream-outfile'",
    "EXPLAIN SELECT 1 INTO OUTFILE '/tmp/reelstream-outfile'",
    "(SELECT 1) INTO OUTFILE '/tmp/reelstream-outfile'",
    "SELECT * FROM file('/etc/hostname', LineAsString)",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
    ...READS_OUTSIDE,
    "SELECT * FROM executable('ls', 'TSV', 'x String')",
    "INSERT INTO FUNCTION file('/tmp/reelstream-outfile', 'TSV', 'x UInt8') SELECT 1",
    "BACKUP TABLE films TO File('/tmp/reelstream-outfile')",
    "SELECT * FROM (SELECT 1) AS `a` -- '\n INTO OUTFILE '/tmp/reelstream-outfile'",
    "SELECT ‘’ INTO OUTFILE '/tmp/reelstream-outfile'",
    'EXPLAIN INSERT INTO films SELECT 1; SELECT 1',
  ])('may not %s', async (sql) => {
    for (const reply of [await server.post(sql, viewer), await server.get(sql, viewer)]) {
      expect(reply.status, `${sql}: ${reply.text}`).not.toBe(200);
      expect(['164', '62', '358', '497']).toContain(reply.headers['x-clickhouse-exception-code']);
    }
    expect(await server.value('SELECT count() FROM films', writer)).toBe('10');
    expect(existsSync('/tmp/reelstream-outfile')).toBe(false);
  });

  it.each([
    ['format_template_resultset', '/etc/hostname'],
    ['format_schema', '/etc/hostname:X'],
    ['additional_result_filter', "file('/etc/hostname') != ''"],
    ['implicit_table_at_top_level', '/etc/hostname'],
    ['dialect', 'prql'],
  ])('may not set %s, which would read outside', async (name, value) => {
    const reply = await server.post('SELECT 1', { ...viewer, params: { [name]: value } });
    expect(reply.headers['x-clickhouse-exception-code'], reply.text).toBe('164');
  });

  it('finds no file by a name that comes as a parameter', async () => {
    for (const [sql, param_name] of [
      ['SELECT * FROM {name:Identifier}', '/etc/hostname'],
      ['SELECT * FROM {name:Identifier}', 'x\n/../../../../etc/hostname'],
      ['SHOW TABLES WHERE name IN (SELECT * FROM {name:Identifier})', '/etc/hostname'],
    ] as const) {
      const reply = await server.post(sql, { ...viewer, params: { param_name, database: 'default' } });
      expect(reply.headers['x-clickhouse-exception-code'], reply.text).toBe('164');
    }
  });

  it('cannot take readonly back by the address', async () => {
    for (const value of ['0', '2']) {
      const ask = { ...viewer, params: { readonly: value } };
      const reply = await server.post("SELECT * FROM file('/etc/hostname', LineAsString)", ask);
      expect(reply.headers['x-clickhouse-exception-code']).toBe('164');
    }
  });

  it('leaves nothing behind: a writer after it may write', async () => {
    await server.post('SELECT 1', { ...viewer, params: { session_id: 's1' } });
    const ask = { ...writer, params: { session_id: 's1' } };
    expect((await server.post('INSERT INTO films SELECT 1 WHERE 0', ask)).status).toBe(200);
  });

  it('does not share sessions with others', async () => {
    await server.value('CREATE TEMPORARY TABLE secret (a UInt8)', {
      ...writer,
      params: { session_id: 's2' },
    });
    const reply = await server.post('SELECT * FROM secret', { ...viewer, params: { session_id: 's2' } });
    expect(reply.headers['x-clickhouse-exception-code']).toBe('60');
  });
});

describe('a GET', () => {
  it.each([
    'INSERT INTO films VALUES (1)',
    'DROP TABLE films',
    'SYSTEM STOP MERGES',
    'CREATE TABLE t (a UInt8) ENGINE = Memory',
    "SELECT 1 INTO OUTFILE '/tmp/reelstream-outfile'",
    "SELECT * FROM file('/etc/hostname', LineAsString)",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
    ...READS_OUTSIDE,
  ])('refuses %s, whoever asks', async (sql) => {
    const reply = await server.get(sql, writer);
    expect(['164', '358', '497']).toContain(reply.headers['x-clickhouse-exception-code']);
  });

  it('refuses a setting that reads outside, also on a session', async () => {
    const filter = { additional_result_filter: "file('/etc/hostname') != ''" };
    for (const params of [filter, { ...filter, session_id: 's3' }]) {
      const reply = await server.get('SELECT 1', { ...writer, params });
      expect(reply.headers['x-clickhouse-exception-code'], reply.text).toBe('164');
    }
  });

  it('takes settings in the statement from somebody who may write', async () => {
    expect((await server.get("SELECT getSetting('max_threads') SETTINGS max_threads = 1", writer)).text).toBe(
      '1\n',
    );
  });
});

describe('somebody who may write', () => {
  const OUT = join(tmpdir(), `reelstream-outside-${randomUUID()}`);
  const SECRET = join(OUT, 'secret.csv');
  const secret = `'${SECRET}'`;
  beforeAll(() => {
    mkdirSync(OUT);
    writeFileSync(SECRET, 'precious\n');
  });
  afterAll(() => rmSync(OUT, { recursive: true, force: true }));

  /** each tried in both databases: `default` is where an embedded engine looks for files */
  it.each([
    ...READS_OUTSIDE.filter(
      (sql) => /file|`\/etc|LICENSE|package|Template/.test(sql) && !/^EX|SHOW TABLES WHERE name/.test(sql),
    ),
    `SELECT * FROM default.\`${SECRET}\``,
    `SELECT arrayMap(file, [${secret}])`,
    `SELECT * FROM url('file://${SECRET}', LineAsString)`,
    `SELECT * FROM format(Values, 'a String', '(file(\\'${SECRET}\\'))')`,
    `SELECT * FROM remote('127.0.0.1', file(${secret}, LineAsString))`,
    `SELECT * FROM filesystem('${OUT}')`,
    `SELECT * FROM sqlite('${OUT}/new.db', 't')`,
    `SELECT * FROM icebergLocal('${OUT}')`,
    `SELECT 1 INTO OUTFILE '${OUT}/new' FORMAT CSV`,
    `CREATE TABLE t1 (a UInt8) ENGINE = Memory INTO OUTFILE '${OUT}/new'`,
    `INSERT INTO FUNCTION file('${OUT}/new.csv', CSV, 'a UInt8') SELECT 1`,
    `INSERT INTO default.\`${SECRET}\` VALUES ('x')`,
    `INSERT INTO films FROM INFILE ${secret} FORMAT CSV`,
    `INSERT INTO films VALUES (length(file(${secret})))`,
    `DROP TABLE default.\`${SECRET}\``,
    `CREATE TABLE t2 (a String) ENGINE = File(CSV, ${secret})`,
    `CREATE TABLE t3 AS file(${secret}, CSV)`,
    `CREATE TABLE t4 (a String) ENGINE = URL('file://${SECRET}', CSV)`,
    `CREATE TABLE t5 (a String) ENGINE = IcebergLocal('${OUT}/ice')`,
    `CREATE TABLE t6 (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = object_storage, object_storage_type = local, path = '${OUT}/disk/')`,
    `CREATE DATABASE d1 ENGINE = Filesystem('${OUT}')`,
    `CREATE DATABASE d2 ENGINE = SQLite('${OUT}/new.db')`,
    `CREATE VIEW v1 (line String) SQL SECURITY NONE AS SELECT * FROM file(${secret}, LineAsString)`,
    `ATTACH TABLE t7 FROM '${OUT}/' (a UInt8) ENGINE = MergeTree ORDER BY a`,
    `BACKUP TABLE films TO File('${OUT}/backup')`,
    "BACKUP TABLE films TO Disk('default', '../../backup')",
    `RESTORE TABLE films FROM File('${OUT}/backup')`,
    `CREATE DICTIONARY d3 (k UInt64) PRIMARY KEY k SOURCE(FILE(PATH ${secret} FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)`,
    "CREATE DICTIONARY d4 (k UInt64) PRIMARY KEY k SOURCE(EXECUTABLE(COMMAND 'echo 1' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    'GRANT READ ON FILE TO default',
    'GRANT ALL ON *.* TO default',
    'CREATE USER other',
  ])('opens no file of the machine: %s', async (sql) => {
    for (const database of [server.database, 'default']) {
      const reply = await server.post(sql, { ...writer, params: { database } });
      expect(reply.status, `${sql}: ${reply.text}`).not.toBe(200);
      expect(reply.text).not.toContain('precious');
    }
    expect(readdirSync(OUT)).toEqual(['secret.csv']);
    expect(readFileSync(SECRET, 'utf8')).toBe('precious\n');
  });

  /** these run as the engine itself, later, and are made without a look at the file */
  it('opens none by what the engine does on its behalf', async () => {
    const made = [
      `CREATE TABLE alias ENGINE = Alias('default', ${secret})`,
      `CREATE VIEW definer (c1 String) DEFINER = default SQL SECURITY DEFINER AS SELECT * FROM file(${secret}, CSV, 'c1 String')`,
      `CREATE VIEW named (c1 String) DEFINER = default SQL SECURITY DEFINER AS SELECT * FROM default.\`${SECRET}\``,
      `CREATE DICTIONARY quoted (k UInt64, c1 String) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT 1 AS k, c1 FROM default.\`${SECRET}\`')) LAYOUT(FLAT()) LIFETIME(0)`,
      `ALTER TABLE films UPDATE score = (SELECT c1 FROM default.\`${SECRET}\`) WHERE 1 SETTINGS mutations_sync = 1, validate_mutation_query = 0`,
    ];
    for (const sql of made) await server.post(sql, writer);
    for (const table of ['alias', 'definer', 'named', 'quoted', 'films']) {
      expect((await server.post(`SELECT * FROM ${table}`, writer)).text, table).not.toContain('precious');
    }
    await server.post('KILL MUTATION WHERE 1', writer);
  });

  it('keeps what a server offers: expressions in VALUES, a plain default database', async () => {
    const ask = { ...writer, params: { database: 'default' } };
    expect(await server.value("SELECT engine FROM system.databases WHERE name = 'default'", writer)).toBe(
      'Atomic',
    );
    await server.value('CREATE TABLE kept (a UInt8, b String) ENGINE = MergeTree ORDER BY a', ask);
    await server.value("INSERT INTO kept VALUES (1 + 1, upper('x')), (3, 'a file')", ask).catch((error) => {
      // the word could be the function: such rows are read without expressions
      expect(String(error)).toContain('Interpreting expressions is disabled');
    });
    await server.value("INSERT INTO kept VALUES (1 + 1, upper('x'))", ask);
    await server.value("INSERT INTO kept VALUES (3, 'a file')", ask);
    expect(await server.value('SELECT * FROM kept ORDER BY a', ask)).toBe('2\tX\n3\ta file');
    await server.value('DROP TABLE kept', ask);
  });
});

describe('readonly in the address of somebody who may write', () => {
  it.each([
    'INSERT INTO films VALUES (1)',
    'DROP TABLE films',
    'SYSTEM STOP MERGES',
    'SYSTEM START MERGES',
    'KILL QUERY WHERE 1 ASYNC',
    'SET readonly = 0',
    ...READS_OUTSIDE,
  ])('refuses %s', async (sql) => {
    for (const readonly of ['1', '2']) {
      for (const session of ['', 's4']) {
        const ask = { ...writer, params: { readonly, session_id: session } };
        const reply = await server.post(sql, ask);
        expect(['164', '358', '497'], reply.text).toContain(reply.headers['x-clickhouse-exception-code']);
      }
    }
    expect(await server.value('SELECT count() FROM films', writer)).toBe('10');
  });

  it('reads, and 0 changes nothing', async () => {
    const ask = (readonly: string) => ({ ...writer, params: { readonly } });
    expect(await server.value('SELECT count() FROM films', ask('1'))).toBe('10');
    expect(await server.value('SELECT 1 SETTINGS max_threads = 1', ask('2'))).toBe('1');
    expect((await server.post('INSERT INTO films SELECT 1 WHERE 0', ask('0'))).status).toBe(200);
  });
});

describe('pages of other places', () => {
  it.each([
    ['a foreign origin', { Origin: 'http://evil.example' }],
    ['a page on another port', { Origin: 'http://127.0.0.1:1' }],
    ['an unknown host name', { Host: 'rebound.example' }],
    ['no origin to speak of', { Origin: 'null' }],
    ['an image on a foreign page', { 'Sec-Fetch-Site': 'cross-site' }],
    ['an image on a page of another port', { 'Sec-Fetch-Site': 'same-site' }],
  ])('%s', async (_, headers) => {
    const ask = { headers: { ...writer.headers, ...headers } };
    for (const reply of [await server.post('SELECT 1', ask), await server.get('SELECT 1', ask)]) {
      expect([reply.status, reply.headers['x-clickhouse-exception-code']]).toEqual([403, '497']);
    }
  });

  it.each(['same-origin', 'none'])('Sec-Fetch-Site %s is none of them', async (site) => {
    const ask = { headers: { ...writer.headers, 'Sec-Fetch-Site': site } };
    expect((await server.get('SELECT 1', ask)).text).toBe('1\n');
  });
});
