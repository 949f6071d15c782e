import type { ClickHouse } from './connection.ts';

/** Tables that hold work in progress, by what made them; the rest of the name says which run. */
export const SCRATCH_PREFIXES = {
  twin: 'next_',
  audit: 'audit_',
  selfTest: 'selftest_',
  export: 'export_',
} as const;

/** Names of the tables and views that begin so, views first: they hold on to their tables. */
export async function tablesNamed(clickhouse: ClickHouse, prefix: string): Promise<string[]> {
  const found = await clickhouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = {database:String} AND startsWith(name, {prefix:String})
     ORDER BY engine = 'MaterializedView' DESC, name`,
    { params: { database: clickhouse.database, prefix } },
  );
  return found.map(({ name }) => name);
}

/** Drops what a run, or every run that died, has left. */
export async function dropTablesNamed(clickhouse: ClickHouse, prefix: string): Promise<void> {
  for (const name of await tablesNamed(clickhouse, prefix)) {
    await clickhouse.command(`DROP TABLE IF EXISTS ${name} SYNC`);
  }
}
