import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineCompression } from '../../../embedded/clickhouse/encodings.ts';
import { insertFromFile, insertThroughInput } from '../../../embedded/clickhouse/insert.ts';
import { translateKill } from '../../../embedded/clickhouse/kill-query.ts';
import { refuseProcessControl } from '../../../embedded/clickhouse/process-control.ts';
import type { StoredRows } from '../../../embedded/clickhouse/received-statement.ts';
import { toByteText } from '../../../embedded/clickhouse/sql-text.ts';
import { analyse } from '../../../embedded/clickhouse/statement.ts';
import { createEngineDouble } from './engine-double.ts';
import { literals } from './sql-pieces.ts';

const storedRows = (path: string, compression: EngineCompression | null): StoredRows => ({
  file: { path, bytes: 0, grow() {}, async remove() {} },
  compression,
  bytes: 0,
});

const bytes = (text: string) => toByteText(Buffer.from(text));
const insertOf = (sql: string) => {
  const text = bytes(sql);
  const found = analyse(text);
  if (found.kind !== 'insert_data') throw new Error(`${sql} is ${found.kind}`);
  return { ...found, rows: text.slice(found.dataStart) };
};

describe('an INSERT with rows', () => {
  it.each([
    ['INSERT INTO t FORMAT CSV\n1,2\n', 'INSERT INTO t ', 'CSV', '1,2\n'],
    ['INSERT INTO t FORMAT CSV 1,2', 'INSERT INTO t ', 'CSV', '1,2'],
    ['INSERT INTO t FORMAT CSV \t\r\n\n1', 'INSERT INTO t ', 'CSV', '\n1'],
    ['INSERT INTO t (a, b) VALUES (1, 2)', 'INSERT INTO t (a, b) ', 'Values', '(1, 2)'],
    ['insert t values(1)', 'insert t ', 'Values', '(1)'],
    ['INSERT INTO `a b`."c;d" VALUES -- x\n (1)', 'INSERT INTO `a b`."c;d" ', 'Values', '(1)'],
    ['INSERT INTO format FORMAT CSV\n1', 'INSERT INTO format ', 'CSV', '1'],
    ['INSERT INTO values.format VALUES (1)', 'INSERT INTO values.format ', 'Values', '(1)'],
    ['INSERT INTO TABLE t FORMAT TSV\n', 'INSERT INTO TABLE t ', 'TSV', ''],
    [
      "INSERT INTO FUNCTION file('x', CSV, 'format String') FORMAT CSV\n1",
      "INSERT INTO FUNCTION file('x', CSV, 'format String') ",
      'CSV',
      '1',
    ],
    ['INSERT INTO t FORMAT CSV', 'INSERT INTO t ', 'CSV', ''],
  ])('%s', (sql, head, format, rows) => {
    expect(insertOf(sql)).toMatchObject({ head, format, rows });
  });

  it('reads its rows from a file, settings behind it', () => {
    const sql = "INSERT INTO t (a) SETTINGS x = 'FORMAT', y = 2 FORMAT CSV\n1";
    const rows = storedRows('/f', 'gzip');
    expect(insertFromFile(insertOf(sql), rows, false)).toBe(
      "INSERT INTO t (a)  FROM INFILE '/f' COMPRESSION 'gzip' SETTINGS x = 'FORMAT', y = 2  FORMAT CSV",
    );
    expect(insertFromFile(insertOf('INSERT INTO t VALUES (1)'), storedRows('/f', null), true)).toBe(
      "INSERT INTO t  FROM INFILE '/f'  SETTINGS input_format_values_interpret_expressions = 1, input_format_values_deduce_templates_of_expressions = 1 FORMAT Values",
    );
  });

  it('reads input() from a table that was filled from the file, and takes the table away', async () => {
    const sql =
      "INSERT INTO t SELECT f(a) FROM (SELECT * FROM input('a DateTime64(3, \\'UTC\\')')) WHERE b != ')' FORMAT CSV\n1";
    const engine = createEngineDouble();
    await insertThroughInput(engine.openSession(), insertOf(sql), storedRows('/f', 'zstd'), false);
    const said = engine.said.map(([, text]) => text.replace(/input_[0-9a-f]{32}/g, 'TABLE'));
    expect(said).toEqual([
      "CREATE TEMPORARY TABLE TABLE ENGINE = Memory AS SELECT * FROM null('a DateTime64(3, \\'UTC\\')')",
      "INSERT INTO TABLE  FROM INFILE '/f' COMPRESSION 'zstd' SETTINGS async_insert = 0  FORMAT CSV",
      "INSERT INTO t SELECT f(a) FROM (SELECT * FROM TABLE) WHERE b != ')' ",
      'DROP TEMPORARY TABLE IF EXISTS TABLE',
    ]);
  });

  it('begins its rows where the statement ends, whatever stands in its literals', () => {
    fc.assert(
      fc.property(literals, literals, fc.uint8Array({ maxLength: 50 }), ({ text: a }, { text: b }, rows) => {
        const head = Buffer.from(
          `INSERT INTO t (x) SETTINGS log_comment = ${a}, y = ${b} FORMAT RowBinary\n`,
        );
        const { dataStart } = insertOfBytes(Buffer.concat([head, rows]));
        expect(dataStart).toBe(head.length);
      }),
    );
  });

  const insertOfBytes = (raw: Buffer) => {
    const found = analyse(toByteText(raw));
    if (found.kind !== 'insert_data') throw new Error(found.kind);
    return found;
  };

  it.each([
    'INSERT INTO t SELECT 1',
    'INSERT INTO t SELECT 1 FORMAT CSV',
    "INSERT INTO t SELECT 'x' AS format",
    'INSERT INTO t FORMAT CSV;\n1',
    'WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a',
  ])('is not %s', (sql) => {
    expect(analyse(bytes(sql))).toEqual({ kind: 'command', keyword: 'INSERT' });
  });

  it('never names a file of this machine', () => {
    expect(() => analyse("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV")).toThrow(/INFILE/);
    expect(() => analyse("SELECT 1 INTO OUTFILE '/x'")).toThrow(/OUTFILE/);
    expect(() => analyse("SELECT 1 into /* */ outfile '/x'")).toThrow(/OUTFILE/);
  });
});

describe('a query', () => {
  const withOutput = (sql: string) => {
    const found = analyse(bytes(sql));
    if (found.kind !== 'query') throw new Error(`${sql} is ${found.kind}`);
    return [sql.slice(0, found.outputAt), sql.slice(found.outputAt), found.format];
  };
  it.each([
    ['SELECT 1', 'SELECT 1', '', null],
    ['SELECT 1;', 'SELECT 1', ';', null],
    ['SELECT 1 -- x', 'SELECT 1', ' -- x', null],
    ['SELECT 1 FORMAT JSON', 'SELECT 1 ', 'FORMAT JSON', 'JSON'],
    ['SELECT 1 format JSON;', 'SELECT 1 ', 'format JSON;', 'JSON'],
    ['SELECT 1 FORMAT JSON SETTINGS a = 1', 'SELECT 1 ', 'FORMAT JSON SETTINGS a = 1', 'JSON'],
    ['SELECT 1 SETTINGS a = 1 FORMAT JSON', 'SELECT 1 SETTINGS a = 1 ', 'FORMAT JSON', 'JSON'],
    ['SELECT 1 SETTINGS a = 1', 'SELECT 1 SETTINGS a = 1', '', null],
    ['SHOW TABLES SETTINGS a = 1', 'SHOW TABLES ', 'SETTINGS a = 1', null],
    ['SELECT 1 AS format', 'SELECT 1 AS format', '', null],
    ["SHOW SETTINGS LIKE 'x'", "SHOW SETTINGS LIKE 'x'", '', null],
    ['SELECT format FROM t', 'SELECT format FROM t', '', null],
    ["SELECT format('{}', a) FROM t", "SELECT format('{}', a) FROM t", '', null],
    ["SELECT ' FORMAT JSON'", "SELECT ' FORMAT JSON'", '', null],
    ['(SELECT 1 FORMAT JSON)', '(SELECT 1 FORMAT JSON)', '', null],
    ['SELECT (SELECT 1 AS format) FORMAT CSV', 'SELECT (SELECT 1 AS format) ', 'FORMAT CSV', 'CSV'],
    ['/* x */ with 1 as a select a', '/* x */ with 1 as a select a', '', null],
  ])('%s', (sql, before, after, format) => {
    expect(withOutput(sql)).toEqual([before, after, format]);
  });

  it.each([
    ['CREATE TABLE t (a UInt8) ENGINE = Memory', 'CREATE'],
    ['SET a = 1', 'SET'],
    ['  -- x\nKILL QUERY WHERE 1', 'KILL'],
  ])('is not %j', (sql, keyword) => {
    expect(analyse(sql)).toEqual({ kind: 'command', keyword });
  });
});

it.each(['', ' \n', ';', '-- nothing', '/* ; */ ;'])('%j is empty', (sql) => {
  expect(() => analyse(sql)).toThrow('Empty query');
});

describe('KILL QUERY', () => {
  const OUTER = "if(Settings['query_cache_tag'] != '', Settings['query_cache_tag'], Settings['log_comment'])";
  it.each([
    ["KILL QUERY WHERE query_id = 'x' SYNC", `KILL QUERY WHERE (query_id = 'x' OR ${OUTER} = 'x') SYNC`],
    [
      "kill query where user = 'a' and `query_id`='x'",
      `kill query where user = 'a' and (query_id='x' OR ${OUTER}='x')`,
    ],
    [
      "KILL QUERY WHERE query_id IN ('a', f('b)'))",
      `KILL QUERY WHERE (query_id IN ('a', f('b)')) OR ${OUTER} IN ('a', f('b)')))`,
    ],
    [
      'KILL QUERY WHERE query_id = {id:String}',
      `KILL QUERY WHERE (query_id = {id:String} OR ${OUTER} = {id:String})`,
    ],
    ["KILL QUERY WHERE query_id != 'x'", `KILL QUERY WHERE if(${OUTER} != '', ${OUTER}, query_id) != 'x'`],
    ["KILL QUERY WHERE query LIKE '%query_id%'", "KILL QUERY WHERE query LIKE '%query_id%'"],
    ["KILL MUTATION WHERE query_id = 'x'", "KILL MUTATION WHERE query_id = 'x'"],
    ["SELECT query_id = 'x'", "SELECT query_id = 'x'"],
  ])('%s', (sql, translated) => {
    expect(translateKill(sql)).toBe(translated);
  });
});

describe('signals to the process group', () => {
  it.each([
    'SYSTEM SHUTDOWN',
    'system /* x */ kill',
    'SYSTEM SUSPEND FOR 5 SECOND',
    'SYSTEM FLUSH LOGS PARALLEL WITH SYSTEM SHUTDOWN',
  ])('%s is refused', (sql) => {
    expect(() => refuseProcessControl(sql)).toThrow(/not allowed/);
  });
  it.each([
    'SYSTEM FLUSH LOGS',
    'CREATE TABLE system (shutdown UInt8) ENGINE = Memory',
    "SET x = 'SYSTEM SHUTDOWN'",
  ])('%s is not', (sql) => {
    expect(() => refuseProcessControl(sql)).not.toThrow();
  });
});
