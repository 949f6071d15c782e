import { RAW_TABLE } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';

export interface OlderRows {
  readonly version: number;
  readonly rows: number;
}

/**
 * Rows of raw that carry the film facts of an older catalogue, by its version; 0 = there was none.
 * @param months of ingest as 202601, both inclusive; null = open
 */
export async function rowsUnderOlderVersions(
  clickhouse: ClickHouse,
  newest: number,
  months: { readonly from: number | null; readonly to: number | null } = { from: null, to: null },
): Promise<OlderRows[]> {
  return clickhouse.query<OlderRows>(
    `SELECT catalog_version AS version, toFloat64(count()) AS rows FROM ${RAW_TABLE}
     WHERE catalog_version < {newest:UInt32} AND verdict = 'ok'
       AND toYYYYMM(ingested_at) BETWEEN {from:UInt32} AND {to:UInt32}
     GROUP BY catalog_version ORDER BY catalog_version`,
    { params: { newest, from: months.from ?? 0, to: months.to ?? 999_999 } },
  );
}
