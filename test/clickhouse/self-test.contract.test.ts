import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { selfTest } from '../../clickhouse/self-test.ts';
import { openTables, type TestTables } from './fixture.ts';

let tables: TestTables;
let clickhouse: ClickHouse;

beforeAll(async () => {
  tables = await openTables();
  ({ clickhouse } = tables);
});
afterAll(() => tables?.stop());

const scratch = () =>
  clickhouse.query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'selftest%'",
  );

/** The largest batch takes seconds; what a small one shows needs no large one. */
const SMALL = { rows: 1_000 };

/** A server that does what the given settings say, whatever is asked of it. */
function behaving(settings: () => Record<string, number | string>): ClickHouse {
  return {
    ...clickhouse,
    insertBytes: (sql, body, options) =>
      clickhouse.insertBytes(sql, body, { ...options, settings: { ...options?.settings, ...settings() } }),
  };
}

describe('the self-test', () => {
  it.each([
    ['splits a batch over parts', { max_block_size: 500, min_insert_block_size_rows: 500 }, 'not one part'],
    ['forgets tokens', { insert_deduplication_token: 'new' }, 'was not ignored'],
    [
      'doubles aggregates behind a repeated request',
      { deduplicate_blocks_in_dependent_materialized_views: 0 },
      'was not ignored',
    ],
    ['hides errors of views', { materialized_views_ignore_errors: 1 }, 'reported as a success'],
  ])('refuses a server that %s', async (_, settings, complaint) => {
    let sends = 0;
    const given = () =>
      'insert_deduplication_token' in settings ? { insert_deduplication_token: `new ${sends++}` } : settings;
    await expect(selfTest(behaving(given), SMALL)).rejects.toMatchObject({
      code: 'halted',
      message: expect.stringContaining(complaint),
    });
    expect(await scratch()).toEqual([]);
  });

  it('is done by one of two that start together, and the other waits for what it finds', async () => {
    const results = await Promise.all([selfTest(clickhouse, SMALL), selfTest(clickhouse, SMALL)]);
    expect(results.map(({ ran }) => ran).sort()).toEqual([false, true]);
    expect(await scratch()).toEqual([]);
    await clickhouse.command('TRUNCATE TABLE self_tests');
  });

  it('passes on this server, once', async () => {
    expect(await selfTest(clickhouse)).toMatchObject({ ran: true });
    expect(await scratch()).toEqual([]);
    expect(await selfTest(clickhouse)).toMatchObject({ ran: false });
  });

  it('runs again after a change of the schema', async () => {
    await clickhouse.command("ALTER TABLE events_raw MODIFY COLUMN bytes UInt32 COMMENT 'of the value'");
    expect(await selfTest(clickhouse, SMALL)).toMatchObject({ ran: true });
  });

  it('needs the tables', async () => {
    const empty = connectClickHouse({ url: tables.url, database: 'default' });
    await expect(selfTest(empty)).rejects.toMatchObject({ code: 'clickhouse' });
    await empty.close();
  });
});
