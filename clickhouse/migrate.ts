import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReelstreamError } from '../core/errors.ts';
import type { ClickHouse } from './connection.ts';

export interface Migration {
  /** file name: `004_aggregates.sql` */
  readonly name: string;
  /** SHA-256 of the file's bytes, as hex */
  readonly hash: string;
  readonly statements: readonly string[];
}

export interface MigrationResult {
  readonly applied: readonly string[];
  readonly alreadyThere: readonly string[];
}

/** Both the sources and the build find the files beside them or two folders up. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{3}_.*\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const hash = createHash('sha256').update(text).digest('hex');
      return { name, hash, statements: splitStatements(text) };
    });
}

const MIGRATIONS_TABLE = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name        String,
    hash        String,
    applied_at  DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY name`;

/**
 * Applies what is pending, in order of the file names. Every statement is IF NOT EXISTS, so a run that died in the middle
 * of a file is simply repeated, and two runs at once do the same work twice and record the same hash.
 * With views in it, run it while no sink streams: rows that come in between would not be in a new aggregate, see `rebuild`.
 * @throws ReelstreamError `halted` for a file that was changed after it had been applied, or that is gone; `usage` for a
 * database whose name the views cannot bear
 */
export async function migrate(
  clickhouse: ClickHouse,
  migrations: readonly Migration[],
): Promise<MigrationResult> {
  refuseAlias(clickhouse.database);
  await clickhouse.ensureDatabase();
  await clickhouse.command(MIGRATIONS_TABLE);
  const recorded = await recordedHashes(clickhouse);
  refuseEdited(migrations, recorded);
  const pending = migrations.filter(({ name }) => !recorded.has(name));
  for (const { name, hash, statements } of pending) {
    for (const statement of statements) await clickhouse.command(statement);
    await clickhouse.insertRows('schema_migrations', [{ name, hash }]);
  }
  return { applied: pending.map(({ name }) => name), alreadyThere: [...recorded.keys()].sort() };
}

/** Files that `migrate` would apply now; for `doctor` and for services that must not start on an older schema. */
export async function pendingMigrations(
  clickhouse: ClickHouse,
  migrations: readonly Migration[],
): Promise<string[]> {
  const [table] = await clickhouse.query<{ there: number }>(
    "SELECT count() > 0 AS there FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'",
    { params: { database: clickhouse.database } },
  );
  const recorded = table?.there ? await recordedHashes(clickhouse) : new Map<string, string>();
  refuseEdited(migrations, recorded);
  return migrations.filter(({ name }) => !recorded.has(name)).map(({ name }) => name);
}

async function recordedHashes(clickhouse: ClickHouse): Promise<Map<string, string>> {
  const rows = await clickhouse.query<{ name: string; hash: string }>(
    'SELECT name, any(hash) AS hash FROM schema_migrations GROUP BY name',
  );
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

/** Views name their sources by single letters, and `d.events_raw` would be a column of `d`. */
function refuseAlias(database: string): void {
  if (database.length > 1) return;
  throw new ReelstreamError(
    'usage',
    `a database cannot be called "${database}": give it more than one letter`,
  );
}

function refuseEdited(migrations: readonly Migration[], recorded: ReadonlyMap<string, string>): void {
  for (const [name, hash] of recorded) {
    const file = migrations.find((migration) => migration.name === name);
    if (file?.hash === hash) continue;
    const what = file ? 'was changed after it had been applied' : 'was applied and is gone';
    throw new ReelstreamError(
      'halted',
      `clickhouse/ddl/${name} ${what}: restore it, and put the change into a new file with the next number`,
      { details: { file: name } },
    );
  }
}

/** Statements end with a semicolon at the end of a line; comment lines do not count. */
export function splitStatements(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
