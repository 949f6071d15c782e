import { describe, expect, it } from 'vitest';
import {
  refuseMachineFileParameters,
  refuseMachineFiles,
} from '../../../embedded/clickhouse/machine-files.ts';
import { toByteText } from '../../../embedded/clickhouse/sql-text.ts';
import { analyse } from '../../../embedded/clickhouse/statement.ts';

const check = (sql: string) => {
  const text = toByteText(Buffer.from(sql));
  refuseMachineFiles(text, analyse(text));
};

describe('refuseMachineFiles', () => {
  it.each([
    "SELECT file('/etc/hostname')",
    "SELECT file/* */('/etc/hostname')",
    'SELECT "file"(\'x\')',
    "SELECT `\\x66ile`('x')",
    "SELECT arrayMap(file, ['x'])",
    "SELECT arrayMap(((file)), ['x'])",
    "SELECT arrayMap(file AS f, ['x'])",
    "SELECT * APPLY file FROM (SELECT 'x')",
    'SELECT * APPLY ("file") FROM (SELECT \'x\')',
    'CREATE FUNCTION f AS x -> file(x)',
    'CREATE FUNCTION f AS (g, x) -> arrayMap(g, x)',
    'CREATE FUNCTION f AS (g, x) -> arrayMap(((g)), x)',
    "SET param_f = 'file'",
    "SELECT * FROM SQLite('/tmp/x', 't')",
    'CREATE TABLE t (a String) ENGINE = File(CSV)',
    "CREATE TABLE t (a String) ENGINE File(CSV, '/etc/hostname')",
    "CREATE TABLE t (a String) ENGINE = `IcebergLocal`('/tmp/x')",
    "CREATE TABLE t (a String) /* */ ENGINE -- x\n = URL('file:///etc/hostname', CSV)",
    "DROP TABLE IF EXISTS t PARALLEL WITH CREATE TABLE u (a String) ENGINE = FileLog('/tmp', 'CSV')",
    "CREATE MATERIALIZED VIEW v ENGINE = EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a AS SELECT 1 AS a",
    "CREATE DATABASE d ENGINE = Filesystem('/etc')",
    "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local', path = '/tmp/x')",
    "ATTACH TABLE t FROM '/tmp/x' (a UInt8) ENGINE = MergeTree ORDER BY a",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(FILE(PATH '/etc/hostname' FORMAT CSV)) LAYOUT(FLAT())",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(`Executable`(COMMAND 'id' FORMAT CSV)) LAYOUT(FLAT())",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT file(''x'')')) LAYOUT(FLAT())",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(SSD_CACHE(PATH '/tmp/x'))",
    "CREATE TABLE t (a UInt8) ENGINE = Memory INTO OUTFILE '/tmp/x'",
    "OPTIMIZE TABLE t INTO OUTFILE '/tmp/x'",
    "WITH 1 AS x INSERT INTO t FROM INFILE '/etc/hostname' FORMAT LineAsString",
    "SELECT 1 SETTINGS format_schema = '/etc/hostname:X' FORMAT Protobuf",
    "SET additional_result_filter = 'file(1)'",
    'SET allow_experimental_eval_table_function',
    "SELECT * FROM format(Values, 'a String', '(1)') SETTINGS input_format_values_interpret_expressions",
    "SELECT * FROM format(Values, 'a String', '(1)') SETTINGS input_format_values_interpret_expressions = 1",
  ])('refuses %s', (sql) => {
    expect(() => check(sql)).toThrow(/Files of this machine|INTO OUTFILE is not allowed|FROM INFILE/);
  });

  it.each([
    "SELECT 'file(1)' AS file",
    'SELECT t.file, file.a FROM t AS file',
    'CREATE TABLE t (version UInt8, file String) ENGINE = MergeTree ORDER BY (version, file)',
    'INSERT INTO t (file, rows) SELECT file, count(file) FROM u GROUP BY file ORDER BY (file, 1)',
    'CREATE FUNCTION f AS a -> arraySum(arrayMap((x, y) -> x + y, a, a))',
    "SELECT disk, engine FROM system.tables WHERE engine = 'File' AND disk = 'default'",
    'CREATE VIEW v AS SELECT engine FROM system.tables',
    'CREATE TABLE t (engine String, source String) ENGINE = ReplacingMergeTree ORDER BY tuple()',
    'CREATE TABLE t (a UInt8) ENGINE Memory',
    'CREATE DATABASE d ENGINE = Atomic',
    'ATTACH TABLE t',
    "ALTER TABLE t ATTACH PARTITION '1' FROM other",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 'movies' WHERE 'movie_id > 0')) LAYOUT(HASHED())",
    "CREATE TABLE q (a UInt8) ENGINE = Kafka SETTINGS kafka_format = 'AvroConfluent', format_avro_schema_registry_url = 'http://127.0.0.1:1'",
    'INSERT INTO outfile (a) SELECT 1',
    "SET max_threads = 1, param_name = 'profile'",
  ])('lets %s be', (sql) => {
    expect(() => check(sql)).not.toThrow();
  });

  it('is done with a long text in little time and memory', () => {
    const started = performance.now();
    check(`SELECT 1 IN (${'1,'.repeat(200_000)}1) AS file`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('refuseMachineFileParameters', () => {
  it.each([
    ['format_schema', '/etc/hostname:X'],
    ['param_f', 'file'],
    ['param_f', '\\x66ile'],
    ['input_format_values_interpret_expressions', '1'],
  ])('refuses %s = %s', (name, value) => {
    expect(() => refuseMachineFileParameters(new Map([[name, value]]))).toThrow(/Files of this machine/);
  });
  it('lets others be', () => {
    expect(() =>
      refuseMachineFileParameters(
        new Map([
          ['max_threads', '1'],
          ['param_title', 'a file'],
        ]),
      ),
    ).not.toThrow();
  });
});
