import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAggregates } from '../../clickhouse/aggregates.ts';
import { audit } from '../../clickhouse/audit.ts';
import { createSinkStore } from '../../clickhouse/clickhouse-sink-store.ts';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { BODY_COLUMNS } from '../../clickhouse/raw-columns.ts';
import { KIND_VALUES, REASON_VALUES, VERDICT_VALUES } from '../../clickhouse/raw-row-writer.ts';
import { systemClock } from '../../core/clock.ts';
import { DERIVED_TABLES, openTables, type TestTables } from './fixture.ts';

/** docs/delivery.md, "Rules for tables": each is a precondition of the protocol, so each is asked of the database itself. */
let opened: TestTables;
let clickhouse: ClickHouse;

interface Table {
  readonly name: string;
  readonly engine: string;
  readonly partition_key: string;
  readonly sorting_key: string;
  readonly create_table_query: string;
  readonly as_select: string;
}
let tables: Map<string, Table>;
let columns: { table: string; name: string; type: string }[];

beforeAll(async () => {
  opened = await openTables();
  ({ clickhouse } = opened);
  const rows = await clickhouse.query<Table>(
    `SELECT name, engine, partition_key, sorting_key, create_table_query, as_select FROM system.tables
     WHERE database = currentDatabase()`,
  );
  tables = new Map(rows.map((row) => [row.name, row]));
  columns = await clickhouse.query(
    'SELECT table, name, type FROM system.columns WHERE database = currentDatabase()',
  );
});
afterAll(() => opened?.stop());

const views = () => [...tables.values()].filter(({ engine }) => engine === 'MaterializedView');
const columnsOf = (table: string) => columns.filter((column) => column.table === table);

describe('raw', () => {
  it('puts an INSERT of one slot into one part, ordered by offset', () => {
    expect(tables.get('events_raw')).toMatchObject({
      engine: 'MergeTree',
      partition_key: '(slot, toYYYYMM(ingested_at))',
      sorting_key: 'slot, kafka_offset',
    });
  });

  it('never deletes rows by itself', () => {
    for (const { create_table_query } of tables.values()) expect(create_table_query).not.toMatch(/\bTTL\b/);
  });

  it('has the columns that the row writer sends, and the time of the INSERT', () => {
    const sent = new Map(BODY_COLUMNS);
    for (const { name, type } of columnsOf('events_raw')) {
      if (name === 'ingested_at') continue;
      const carried = sent.get(name);
      const expected = type.startsWith('Enum8') ? 'Int8' : type.replace(/^LowCardinality\((.*)\)$/, '$1');
      expect([name, carried]).toEqual([name, expected]);
    }
    expect(columnsOf('events_raw')).toHaveLength(BODY_COLUMNS.length + 1);
  });

  it.each([
    ['verdict', VERDICT_VALUES, {}],
    ['reason', REASON_VALUES, {}],
    ['kind', KIND_VALUES, { NONE: 0 }],
  ])('has the same numbers for %s as the row writer', (column, values, others) => {
    const type = columnsOf('events_raw').find(({ name }) => name === column)!.type;
    const stored = [...type.matchAll(/'(\w+)' = (\d+)/g)].map(([, name, value]) => [name, Number(value)]);
    expect(Object.fromEntries(stored)).toEqual({ ...values, ...others });
  });
});

describe('aggregates', () => {
  it('are the ones that the views fill, each view directly on raw', () => {
    expect(
      views()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(DERIVED_TABLES.map((table) => `${table}_from_raw`).sort());
    for (const { as_select } of views()) {
      const sources = [...as_select.matchAll(/\b(?:FROM|JOIN) (?!\()`?(\w+)`?\.`?(\w+)`?/g)];
      expect(sources.map(([, database, table]) => `${database}.${table}`)).toEqual([
        `${clickhouse.database}.events_raw`,
      ]);
    }
  });

  it('are functions of the raw row alone', () => {
    for (const { as_select } of views()) {
      expect(as_select).not.toMatch(
        /\b(now\w*|today|yesterday|rand\w*|generateUUID\w*|dictGet\w*|joinGet|hostName)\s*\(/i,
      );
      expect(as_select).not.toMatch(/\bJOIN\s+[^(\s]+\s+(AS\s+\w+\s+)?(ON|USING)\b/i);
    }
  });

  it.each(DERIVED_TABLES)('%s is swapped per slot and month and says how far it is', (table) => {
    expect(tables.get(table)).toMatchObject({
      engine: 'AggregatingMergeTree',
      partition_key: '(slot, ingest_month)',
    });
    const types = new Map(columnsOf(table).map(({ name, type }) => [name, type]));
    expect(types.get('applied_offset')).toBe('SimpleAggregateFunction(max, UInt64)');
    expect(types.get('n')).toBe('SimpleAggregateFunction(sum, UInt64)');
    expect(tables.get(table)!.create_table_query).toMatch(/INDEX \w+ applied_offset TYPE minmax/);
  });

  it('serve what is asked of them: the live one by time, the other by id', () => {
    expect(tables.get('agg_ratings_live')?.sorting_key).toBe('dimension, bucket, id, share');
    expect(tables.get('agg_ratings_day')?.sorting_key).toBe('dimension, id, bucket, share');
  });

  it('hold integers only: sums of floats depend on the order of addition', () => {
    const derived = columns.filter(({ table }) => DERIVED_TABLES.includes(table));
    expect(derived.filter(({ type }) => /Float|Decimal|avg|stddev|var|quantile/i.test(type))).toEqual([]);
  });

  it('merge every column that is not part of the key', async () => {
    for (const { table, columns: described } of await describeAggregates(clickhouse)) {
      const plain = described.filter(({ type, inKey }) => !inKey && !/AggregateFunction/.test(type));
      expect([table, plain.map(({ name }) => name)]).toEqual([table, ['slot', 'ingest_month']]);
    }
  });
});

describe('whoever asks for the aggregates', () => {
  it('refuses an aggregate whose view is gone', async () => {
    await clickhouse.command('DETACH TABLE agg_ratings_day_from_raw');
    const refused = { code: 'halted', message: expect.stringContaining('nothing fills agg_ratings_day') };
    await expect(describeAggregates(clickhouse)).rejects.toMatchObject(refused);
    await expect(createSinkStore(clickhouse, { clock: systemClock })).rejects.toMatchObject(refused);
    await expect(audit(clickhouse, [])).rejects.toMatchObject(refused);
    await clickhouse.command('ATTACH TABLE agg_ratings_day_from_raw');
    expect(await describeAggregates(clickhouse)).toHaveLength(DERIVED_TABLES.length);
  });
});

describe('every table of the protocol', () => {
  it.each(['events_raw', ...DERIVED_TABLES])(
    '%s remembers tokens and is on disk before it answers',
    (table) => {
      const { create_table_query } = tables.get(table)!;
      const window = /non_replicated_deduplication_window = (\d+)/.exec(create_table_query)?.[1];
      expect(Number(window)).toBeGreaterThanOrEqual(10_000);
      expect(create_table_query).toContain('fsync_after_insert = 1');
      expect(create_table_query).toContain('fsync_part_directory = 1');
    },
  );
});

describe('readers', () => {
  const named = [
    'genre_ratings_by_minute',
    'company_ratings_by_hour',
    'movie_ratings_by_hour',
    'genre_ratings_by_day',
    'company_ratings_by_day',
    'movie_ratings_by_day',
    'ratings',
    'pipeline_by_minute',
    'users',
    'current_ratings',
  ];

  it.each(named)('%s answers from any database', async (view) => {
    const elsewhere = `SELECT * FROM ${clickhouse.database}.${view} LIMIT 1`;
    const response = await fetch(`${opened.url}/?query=${encodeURIComponent(elsewhere)}`);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('never name a database: the same files serve any', () => {
    expect(
      [...tables.values()].filter(({ create_table_query }) => /\breelstream\./.test(create_table_query)),
    ).toEqual([]);
  });
});
