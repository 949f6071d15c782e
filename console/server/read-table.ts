import type { ClickHouse } from '../../clickhouse/connection.ts';
import type { Cell, Column, TableData } from '../drawing/data.ts';
import { Problem } from './problem.ts';

interface JsonCompact {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}

/** A connection that may only read, and the settings that each of its statements carries. */
export interface ReadOnlyClickHouse {
  readonly clickhouse: ClickHouse;
  readonly limits: Readonly<Record<string, number>>;
}

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 10_000_000;

/** The rows of one of our own statements. @throws Problem 502, ReelstreamError `clickhouse`, `unavailable` */
export async function readTable({ clickhouse, limits }: ReadOnlyClickHouse, sql: string): Promise<TableData> {
  const stream = await clickhouse.queryBytes(sql, {
    settings: { default_format: 'JSONCompact', ...limits },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Problem(502, 'the answer is too large to be drawn');
    chunks.push(chunk);
  }
  return toTableData(JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonCompact);
}

export function toTableData({ meta, data }: JsonCompact): TableData {
  const columns = meta.map(({ name, type }): Column => ({ name, type: kindOf(type) }));
  const rows = data.map((row) => columns.map(({ type }, i) => toCell(row[i], type)));
  return { kind: 'table', columns, rows };
}

function kindOf(type: string): Column['type'] {
  const inner = /^(?:Nullable|LowCardinality)\((.+)\)$/.exec(type)?.[1];
  if (inner) return kindOf(inner);
  if (type.startsWith('DateTime')) return 'time';
  return /^(U?Int|Float|Decimal)/.test(type) ? 'number' : 'text';
}

/** 64-bit numbers come quoted; none of ours is beyond 2^53. Times are UTC. */
function toCell(value: unknown, type: Column['type']): Cell {
  if (value === null || value === undefined) return null;
  if (type === 'number') {
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  }
  if (type === 'time') return Date.parse(`${String(value).replace(' ', 'T')}Z`) / 1_000;
  return Array.isArray(value) ? value.join(', ') : String(value);
}
