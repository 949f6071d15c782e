import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compressed, referenceBytes } from './reference-engine.ts';
import { addressOf, type ServerUnderTest, serverUnderTest, until } from './server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
  await server.value(`CREATE TABLE films (
    id UInt32, title String DEFAULT concat('film ', toString(id)), seen DateTime64(3, 'UTC') DEFAULT now64(3),
    genres Array(UInt16), score Nullable(Float64), twice UInt64 MATERIALIZED id * 2
  ) ENGINE = MergeTree ORDER BY id`);
});
beforeEach(() => server.value('TRUNCATE TABLE films'));
afterAll(async () => {
  if (server?.embedded) {
    const status = await server.send({ path: '/reelstream/status' });
    expect(JSON.parse(status.text), 'files that were not removed').toMatchObject({ scratchBytes: 0 });
  }
  await server?.stop();
});

const ROWS = `SELECT toUInt32(number) AS id, concat('t;\\'"\\n', toString(number)) AS title,
  toDateTime64('2024-05-06 07:08:09.123', 3, 'UTC') AS seen, range(toUInt16(number % 4))::Array(UInt16) AS genres,
  if(number % 2 = 0, NULL, 1.5)::Nullable(Float64) AS score FROM numbers(5000)`;
const count = () => server.value('SELECT count() FROM films');
const content = () =>
  server.value(
    'SELECT count(), sum(id), sum(twice), max(title), any(seen), sum(length(genres)), count(score) FROM films',
  );
const NONE_WRITTEN = '0';

describe('rows in any format', () => {
  it.each([
    'Native',
    'RowBinary',
    'RowBinaryWithNames',
    'RowBinaryWithNamesAndTypes',
    'JSONEachRow',
    'JSONCompactEachRow',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSON',
    'JSONColumns',
    'CSV',
    'CSVWithNames',
    'TabSeparated',
    'TSVWithNamesAndTypes',
    'Values',
    'Parquet',
    'Arrow',
    'ArrowStream',
    'Avro',
    'MsgPack',
    'BSONEachRow',
  ])('%s', async (format) => {
    const rows = await referenceBytes(ROWS, format);
    const reply = await server.insert(
      `INSERT INTO films (id, title, seen, genres, score) FORMAT ${format}`,
      rows,
    );
    expect(reply.status, reply.text).toBe(200);
    expect(await content()).toBe(
      '5000\t12497500\t24995000\tt;\\\'"\\n999\t2024-05-06 07:08:09.123\t7500\t2500',
    );
  });
});

describe('columns that are not sent', () => {
  it('get their defaults', async () => {
    await server.insert('INSERT INTO films FORMAT JSONEachRow', '{"id":1}\n{"id":2,"title":"given"}\n');
    await server.insert('INSERT INTO films (id) FORMAT CSV', '3\n');
    expect(await server.value("SELECT id, title, seen > '2020-01-01' FROM films ORDER BY id")).toBe(
      '1\tfilm 1\t1\n2\tgiven\t1\n3\tfilm 3\t1',
    );
  });
});

describe('where statement and rows stand', () => {
  it('both in the body', async () => {
    const rows = await referenceBytes('SELECT toUInt32(number) AS id FROM numbers(3)', 'RowBinary');
    const statement = Buffer.from('INSERT INTO films (id) FORMAT RowBinary\n');
    const reply = await server.send({ method: 'POST', body: Buffer.concat([statement, rows]) });
    expect(reply.status, reply.text).toBe(200);
    expect(await server.value('SELECT groupArray(id) FROM (SELECT id FROM films ORDER BY id)')).toBe(
      '[0,1,2]',
    );
  });

  it('both in the body, and far more of it than is looked at for the statement', async () => {
    const rows = await referenceBytes('SELECT toUInt32(number) AS id FROM numbers(400000)', 'RowBinary');
    const statement = Buffer.from('INSERT INTO films (id) FORMAT RowBinary\n');
    await server.send({ method: 'POST', body: Buffer.concat([statement, rows]) });
    expect(await server.value('SELECT count(), sum(id) FROM films')).toBe('400000\t79999800000');
  });

  it.each([
    ["INSERT INTO films (id, title) VALUES (1, 'a'), (2, concat('b', ';')), (3, 'c;d')", '3'],
    ["INSERT INTO films (id, title) VALUES (1, 'a');", '1'],
    ["INSERT INTO films (id, title) FORMAT Values (1, 'a'), (2, 'b')", '2'],
    ['INSERT INTO films (id) SETTINGS max_insert_threads = 1 VALUES (1)', '1'],
    ['INSERT INTO films (id) SETTINGS max_insert_threads = 1 FORMAT CSV\n1\n2\n', '2'],
    ['INSERT INTO TABLE films (id) FORMAT CSV\r\n1\r\n2\r\n', '2'],
    ['insert into films (id) format JSONEachRow {"id":1}{"id":2}', '2'],
    ['-- a note; with a semicolon\nINSERT INTO films (id) /* VALUES */ VALUES (1)', '1'],
    ['INSERT INTO films (id) SELECT number FROM numbers(7)', '7'],
    ['INSERT INTO films (id) WITH 3 AS n SELECT number FROM numbers(n)', '3'],
    ["INSERT INTO FUNCTION null('id UInt32') SELECT 1", '0'],
    ["INSERT INTO films (id, title) SELECT 1, 'FORMAT CSV; VALUES'", '1'],
  ])('%s', async (sql, rows) => {
    const reply = await server.post(sql);
    expect(reply.status, reply.text).toBe(200);
    expect(await count()).toBe(rows);
  });

  it('rows split between address and body', async () => {
    await server.insert('INSERT INTO films (id) FORMAT CSV\n1', '2\n3\n');
    expect(await count()).toBe('3');
  });

  it('a table may be called VALUES or FORMAT', async () => {
    for (const name of ['values', 'format']) {
      await server.value(`CREATE TABLE ${name} (id UInt32) ENGINE = Memory`);
      expect((await server.post(`INSERT INTO ${name} VALUES (1)`)).status).toBe(200);
      expect((await server.insert(`INSERT INTO ${name} FORMAT CSV`, '2\n')).status).toBe(200);
      expect(await server.value(`SELECT count() FROM ${name}`)).toBe('2');
    }
  });

  it('an empty body inserts nothing', async () => {
    const reply = await server.insert('INSERT INTO films (id) FORMAT RowBinary', '');
    expect([reply.status, await count()]).toEqual([200, NONE_WRITTEN]);
  });
});

describe('input()', () => {
  it('reads the body with a structure of its own', async () => {
    const sql =
      "INSERT INTO films (id, title) SELECT a + 1, upper(b) FROM input('a UInt32, b String') WHERE a != 1 FORMAT CSV";
    const reply = await server.insert(sql, '0,"x"\n1,"y"\n2,"z"\n');
    expect(reply.status, reply.text).toBe(200);
    expect(await server.value('SELECT id, title FROM films ORDER BY id')).toBe('1\tX\n3\tZ');
  });

  it('may check the body as a whole: a count that is wrong writes nothing', async () => {
    const sql =
      "INSERT INTO films (id) SELECT a FROM (SELECT *, count() OVER () AS n FROM input('a UInt32')) WHERE throwIf(n != 3, 'short body') = 0 FORMAT RowBinary";
    const rows = await referenceBytes('SELECT toUInt32(number) FROM numbers(3)', 'RowBinary');
    expect((await server.insert(sql, rows.subarray(0, 8))).text).toContain('short body');
    expect(await count()).toBe(NONE_WRITTEN);
    expect((await server.insert(sql, rows)).status).toBe(200);
    expect(await count()).toBe('3');
  });

  it('reads a compressed body', async () => {
    const packed = await compressed(Buffer.from('5\n6\n'), 'gzip');
    const sql = "INSERT INTO films (id) SELECT a FROM input('a UInt32') FORMAT TSV";
    await server.insert(sql, packed, { headers: { 'Content-Encoding': 'gzip' } });
    expect(await server.value('SELECT sum(id) FROM films')).toBe('11');
  });
});

describe('compressed bodies', () => {
  it.each(['gzip', 'br', 'zstd', 'lz4'] as const)('%s, rows alone', async (method) => {
    const packed = await compressed(await referenceBytes(ROWS, 'RowBinary'), method);
    const sql = 'INSERT INTO films (id, title, seen, genres, score) FORMAT RowBinary';
    const reply = await server.insert(sql, packed, { headers: { 'Content-Encoding': method } });
    expect(reply.status, reply.text).toBe(200);
    expect(await count()).toBe('5000');
  });

  it.each(['gzip', 'br', 'zstd', 'lz4'] as const)('%s, with the statement inside', async (method) => {
    const rows = await referenceBytes(ROWS, 'Native');
    const statement = Buffer.from('INSERT INTO films (id, title, seen, genres, score) FORMAT Native\n');
    const body = await compressed(Buffer.concat([statement, rows]), method);
    const reply = await server.send({ method: 'POST', body, headers: { 'Content-Encoding': method } });
    expect(reply.status, reply.text).toBe(200);
    expect(await count()).toBe('5000');
  });

  it('a query may be compressed', async () => {
    const body = await compressed(Buffer.from('SELECT 42'), 'lz4');
    expect((await server.send({ method: 'POST', body, headers: { 'Content-Encoding': 'lz4' } })).text).toBe(
      '42\n',
    );
  });

  it('a broken one writes nothing', async () => {
    const packed = await compressed(await referenceBytes(ROWS, 'RowBinary'), 'gzip');
    const sql = 'INSERT INTO films (id, title, seen, genres, score) FORMAT RowBinary';
    const headers = { 'Content-Encoding': 'gzip' };
    expect((await server.insert(sql, packed.subarray(0, 500), { headers })).status).not.toBe(200);
    expect((await server.insert(sql, Buffer.from('no gzip'), { headers })).status).not.toBe(200);
    expect((await server.send({ method: 'POST', body: packed.subarray(0, 500), headers })).status).not.toBe(
      200,
    );
    expect(await count()).toBe(NONE_WRITTEN);
  });

  // a stock server streams a body: rows before the cut may be there
  describe.skipIf(process.env.REELSTREAM_TEST_CLICKHOUSE_URL)('one that was cut', () => {
    const cuts = [0.1, 0.3, 0.5, 0.9, 0.999];
    const statement = 'INSERT INTO films (id) FORMAT CSV';
    it.each(['gzip', 'br', 'zstd', 'lz4'] as const)('%s writes nothing, wherever', async (method) => {
      const rows = await referenceBytes('SELECT sipHash64(number) % 1000000000 FROM numbers(60000)', 'CSV');
      const headers = { 'Content-Encoding': method };
      for (const beginning of ['', `${statement}\n`]) {
        const body = await compressed(Buffer.concat([Buffer.from(beginning), rows]), method);
        const params: Record<string, string> = beginning === '' ? { query: statement } : {};
        const ends = cuts.map((part) => Math.floor(body.length * part));
        for (const end of [1, ...ends, body.length - 4, body.length - 1]) {
          const reply = await server.send({ method: 'POST', body: body.subarray(0, end), headers, params });
          expect(reply.status, `${end} of ${body.length} bytes`).not.toBe(200);
          expect(await count()).toBe(NONE_WRITTEN);
        }
        const reply = await server.send({ method: 'POST', body, headers, params });
        expect([reply.status, await count()]).toEqual([200, '60000']);
        await server.value('TRUNCATE TABLE films');
      }
    });
  });

  it('an unknown method is named', async () => {
    const reply = await server.insert('INSERT INTO films (id) FORMAT CSV', '1', {
      headers: { 'Content-Encoding': 'wat' },
    });
    expect(reply.status).not.toBe(200);
    expect(reply.text).toContain('wat');
  });
});

describe('a body that is not whole writes nothing', () => {
  const statement = 'INSERT INTO films (id) FORMAT CSV';

  it('Content-Length not reached', async () => {
    const { pathname, search, port, hostname } = addressOf(server.url, server.database, {
      params: { query: statement },
    });
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000\r\n\r\n1\n2\n3\n`,
        );
        setTimeout(() => socket.destroy(), 100);
      });
      socket.on('close', () => resolve()).on('error', reject);
    });
    await idle();
    expect(await count()).toBe(NONE_WRITTEN);
  });

  it('chunks without an end', async () => {
    await new Promise<void>((resolve) => {
      const address = addressOf(server.url, server.database, { params: { query: statement } });
      const outgoing = httpRequest(address, { method: 'POST', agent: false });
      outgoing.on('error', () => resolve());
      outgoing.write('1\n2\n3\n');
      setTimeout(() => outgoing.destroy(new Error('gone')), 100);
    });
    await idle();
    expect(await count()).toBe(NONE_WRITTEN);
  });

  it('cut inside a row', async () => {
    const rows = await referenceBytes('SELECT toUInt32(number) FROM numbers(10)', 'RowBinary');
    const reply = await server.insert('INSERT INTO films (id) FORMAT RowBinary', rows.subarray(0, 39));
    expect(reply.status).not.toBe(200);
    expect(await count()).toBe(NONE_WRITTEN);
  });

  const idle = () =>
    until(
      'no INSERT runs',
      async () =>
        (await server.value("SELECT count() FROM system.processes WHERE query_kind = 'Insert'")) === '0',
    );
});

describe('what an INSERT answers', () => {
  it('rows written, views included', async () => {
    await server.value('CREATE TABLE seen_twice (id UInt32) ENGINE = MergeTree ORDER BY id');
    await server.value('CREATE MATERIALIZED VIEW into_seen TO seen_twice AS SELECT id FROM films');
    const reply = await server.insert('INSERT INTO films (id) FORMAT CSV', '1\n2\n3\n');
    expect(JSON.parse(String(reply.headers['x-clickhouse-summary']))).toMatchObject({ written_rows: '6' });
    await server.value('DROP TABLE into_seen');
  });

  it.each([
    ['INSERT INTO nope FORMAT CSV', '1', '60'],
    ['INSERT INTO films (nope) FORMAT CSV', '1', '16'],
    ['INSERT INTO films (id) FORMAT Nope', '1', '73'],
    ['INSERT INTO films (id) FORMAT JSONEachRow', '{"id":[1]}', '27'],
    ["INSERT INTO films (id) FROM INFILE '/etc/hostname' FORMAT CSV", '', '78'],
  ])('%s is refused', async (sql, body, code) => {
    const reply = await server.insert(sql, body);
    expect(reply.headers['x-clickhouse-exception-code'], reply.text).toBe(code);
    expect(await count()).toBe(NONE_WRITTEN);
  });
});
