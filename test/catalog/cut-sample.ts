import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { projectRoot } from '../../runtime/environment.ts';

const sample = join(projectRoot, 'data');
export const TABLES = [
  'catalog_movies',
  'catalog_genres',
  'catalog_companies',
  'catalog_links',
  'catalog_cpi',
] as const;

/** The first rows of the sample, in a folder that a test may spoil. */
export function cutSample(target: string): void {
  for (const file of [
    'ml-latest-small/movies.csv',
    'ml-latest-small/links.csv',
    'the-movies-dataset/movies_metadata.csv',
  ]) {
    const lines = readFileSync(join(sample, file), 'utf8').split('\n').slice(0, 101);
    mkdirSync(dirname(join(target, file)), { recursive: true });
    writeFileSync(join(target, file), `${lines.join('\n')}\n`);
  }
  cpSync(join(sample, 'cpi'), join(target, 'cpi'), { recursive: true });
}

/** One hash over every row of every table. */
export async function tableContents(clickhouse: ClickHouse): Promise<unknown[]> {
  const hashes = TABLES.map(
    (table) => `SELECT '${table}' AS name, toString(groupBitXor(cityHash64(* EXCEPT version))) AS hash,
      toInt32(count()) AS rows FROM ${table}`,
  );
  return clickhouse.query(`SELECT * FROM (${hashes.join(' UNION ALL ')}) ORDER BY name`);
}
