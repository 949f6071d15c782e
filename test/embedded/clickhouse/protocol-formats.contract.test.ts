import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceBytes } from './reference-engine.ts';
import { embeddedServer, type ServerUnderTest } from './server-under-test.ts';

/** Only the embedded server: a stock one of another version may rightly write other bytes. */
let server: ServerUnderTest;
beforeAll(async () => {
  server = await embeddedServer();
});
afterAll(() => server?.stop());

const SETTINGS = 'SETTINGS output_format_write_statistics = 0, max_threads = 1';
const columns =
  "number AS id, concat('film, \"', toString(number), '\"\\n') AS title, if(number % 3 = 0, NULL, number / 4) AS score";
/** several blocks of 65,409 rows: a document per block would show */
const MANY_ROWS = `SELECT ${columns} FROM numbers(100000) ${SETTINGS}`;
const FEW_ROWS = `SELECT ${columns} FROM numbers(3000) ${SETTINGS}`;

describe('an answer is byte for byte what the engine makes of one document', () => {
  it.each([
    'JSON',
    'JSONCompact',
    'JSONColumns',
    'JSONEachRow',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSONObjectEachRow',
    'CSV',
    'CSVWithNames',
    'TabSeparated',
    'TabSeparatedWithNamesAndTypes',
    'Native',
    'RowBinary',
    'RowBinaryWithNamesAndTypes',
    'Parquet',
    'Arrow',
    'ArrowStream',
    'MsgPack',
    'XML',
    'Values',
    'SQLInsert',
  ])('%s', async (format) => {
    const reply = await server.post(`${MANY_ROWS} FORMAT ${format}`);
    expect(reply.status, reply.text.slice(0, 300)).toBe(200);
    expect(reply.headers['x-clickhouse-format']).toBe(format);
    expect(reply.complete).toBe(true);
    const expected = await referenceBytes(MANY_ROWS, format);
    expect(reply.bytes.length).toBe(expected.length);
    expect(reply.bytes.equals(expected)).toBe(true);
  });

  it.each(['Pretty', 'PrettyCompact', 'PrettySpace', 'Vertical', 'Markdown', 'ORC', 'BSONEachRow', 'Null'])(
    '%s',
    async (format) => {
      const reply = await server.get(FEW_ROWS, { params: { default_format: format } });
      const expected = await referenceBytes(FEW_ROWS, format);
      expect(reply.bytes.equals(expected)).toBe(true);
    },
  );

  it('Avro, but for its random sync marker', async () => {
    const reply = await server.post(`${FEW_ROWS} FORMAT Avro`);
    const expected = await referenceBytes(FEW_ROWS, 'Avro');
    expect(reply.bytes.length).toBe(expected.length);
    expect(reply.bytes.subarray(0, 64).equals(expected.subarray(0, 64))).toBe(true);
  });

  it('held back until it is whole', async () => {
    const reply = await server.post(`${MANY_ROWS} FORMAT Parquet`, { params: { wait_end_of_query: '1' } });
    expect(reply.bytes.equals(await referenceBytes(MANY_ROWS, 'Parquet'))).toBe(true);
  });

  it('without any row', async () => {
    const sql = `SELECT number FROM numbers(0) ${SETTINGS}`;
    for (const format of ['JSON', 'CSVWithNames', 'Native', 'TabSeparated']) {
      const reply = await server.post(`${sql} FORMAT ${format}`);
      expect(reply.bytes.equals(await referenceBytes(sql, format)), format).toBe(true);
    }
  });
});
