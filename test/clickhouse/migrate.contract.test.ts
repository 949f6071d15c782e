import { beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouse, connectClickHouse } from '../../clickhouse/connection.ts';
import { type Migration, migrate, pendingMigrations } from '../../clickhouse/migrate.ts';
import { sharedClickHouse } from '../helpers/shared.ts';
import { migrations } from './fixture.ts';

let url: string;
let databases = 0;

beforeAll(async () => {
  url = await sharedClickHouse();
});

const small: readonly Migration[] = [
  {
    name: '001_a.sql',
    hash: 'a',
    statements: ['CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x'],
  },
  {
    name: '002_b.sql',
    hash: 'b',
    statements: ['CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = MergeTree ORDER BY x'],
  },
];

async function withDatabase(work: (clickhouse: ClickHouse) => Promise<void>): Promise<void> {
  const clickhouse = connectClickHouse({ url, database: `migrate_${process.pid}_${databases++}` });
  try {
    await work(clickhouse);
  } finally {
    await clickhouse.close();
  }
}

const tablesOf = async (clickhouse: ClickHouse) => {
  const rows = await clickhouse.query<{ name: string }>('SHOW TABLES');
  return rows.map(({ name }) => name);
};

describe('migrate', () => {
  it('creates the database, applies files in order and remembers them', () =>
    withDatabase(async (clickhouse) => {
      expect((await migrate(clickhouse, small.slice(0, 1))).applied).toEqual(['001_a.sql']);
      expect(await pendingMigrations(clickhouse, small)).toEqual(['002_b.sql']);
      expect(await migrate(clickhouse, small)).toEqual({
        applied: ['002_b.sql'],
        alreadyThere: ['001_a.sql'],
      });
      expect(await migrate(clickhouse, small)).toEqual({
        applied: [],
        alreadyThere: ['001_a.sql', '002_b.sql'],
      });
    }));

  it('refuses a file that was changed after it had been applied, and names it', () =>
    withDatabase(async (clickhouse) => {
      await migrate(clickhouse, small);
      const edited = [small[0]!, { ...small[1]!, hash: 'other' }];
      await expect(migrate(clickhouse, edited)).rejects.toMatchObject({
        code: 'halted',
        details: { file: '002_b.sql' },
      });
      await expect(migrate(clickhouse, small.slice(0, 1))).rejects.toThrow(
        '002_b.sql was applied and is gone',
      );
    }));

  it('goes on after it died in the middle of a file', () =>
    withDatabase(async (clickhouse) => {
      const third = {
        name: '003_c.sql',
        hash: 'c',
        statements: [...small[0]!.statements, 'SELECT throwIf(1)'],
      };
      await expect(migrate(clickhouse, [third])).rejects.toMatchObject({ code: 'clickhouse' });
      const repaired = { ...third, statements: small.flatMap(({ statements }) => statements) };
      expect((await migrate(clickhouse, [repaired])).applied).toEqual(['003_c.sql']);
      expect(await tablesOf(clickhouse)).toEqual(['a', 'b', 'schema_migrations']);
    }));

  it('refuses a database whose name the views use for something else', async () => {
    const clickhouse = connectClickHouse({ url, database: 'd' });
    await expect(migrate(clickhouse, small)).rejects.toMatchObject({ code: 'usage' });
    await clickhouse.close();
  });

  it('may run twice at once', () =>
    withDatabase(async (clickhouse) => {
      await Promise.all([migrate(clickhouse, migrations), migrate(clickhouse, migrations)]);
      expect(await pendingMigrations(clickhouse, migrations)).toEqual([]);
    }));
});
