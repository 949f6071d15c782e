import type { Aggregate, Column } from './aggregates.ts';
import type { ClickHouse } from './connection.ts';
import type { Slot } from './sink-store.ts';

export interface Comparison {
  /** keys on either side */
  readonly keys: number;
  /** keys whose values differ, or that only one side has */
  readonly differing: number;
  /** some of them, readable */
  readonly examples: readonly string[];
  /** where they are */
  readonly months: readonly { readonly slot: Slot; readonly month: number }[];
}

const EXAMPLES = 5;
/** Beyond this a comparison goes on on disk. */
const MAX_GROUP_BYTES = 1_000_000_000;

/**
 * Compares a table with what the aggregate's view makes of raw, key by key and both ways, for these slots. Values are compared
 * after merging: the bytes of a state depend on the order of arrival, its meaning does not.
 */
export async function compareWithRaw(
  clickhouse: ClickHouse,
  aggregate: Aggregate,
  table: string,
  rawTable: string,
  slots: readonly Slot[],
): Promise<Comparison> {
  const keys = aggregate.columns.filter(isKey);
  const values = aggregate.columns.filter((column) => !isKey(column));
  const keyNames = keys.map(({ name }) => `key_${name}`).join(', ');
  const merged = (source: string) => `
    SELECT ${keys.map(({ name, type }) => `CAST(t.${name}, '${quoted(type)}') AS key_${name}`).join(', ')},
           cityHash64(${values.map(mergedValue).join(', ')}) AS value
    FROM ${source} AS t GROUP BY ${keyNames}`;
  const want = aggregate.selectFrom(`(SELECT * FROM ${rawTable} WHERE slot IN {slots:Array(UInt16)})`);
  const [row] = await clickhouse.query<CompareRow>(
    `SELECT count() AS found, countIf(differs) AS differing,
            arrayMap(key -> toString(key), groupArrayIf(${EXAMPLES})(keys, differs)) AS examples,
            arraySort(groupUniqArrayIf(slot_month, differs)) AS months
     FROM
     (
       SELECT tuple(${keyNames}) AS keys, [toUInt32(key_slot), key_ingest_month] AS slot_month,
              count() != 2 OR min(value) != max(value) AS differs
       FROM
       (
         ${merged(`(SELECT * FROM ${table} WHERE slot IN {slots:Array(UInt16)})`)}
         UNION ALL
         ${merged(`(${want})`)}
       )
       GROUP BY ${keyNames}
     )`,
    { params: { slots }, settings: { max_bytes_before_external_group_by: MAX_GROUP_BYTES } },
  );
  return {
    keys: Number(row!.found),
    differing: Number(row!.differing),
    examples: row!.examples,
    months: row!.months.map(([slot, month]) => ({ slot, month })),
  };
}

interface CompareRow {
  readonly found: string;
  readonly differing: string;
  readonly examples: string[];
  readonly months: readonly [slot: Slot, month: number][];
}

const PARTITION_COLUMNS = ['slot', 'ingest_month'];

const isKey = ({ name, inKey }: Column) => inKey || PARTITION_COLUMNS.includes(name);
const quoted = (type: string) => type.replaceAll("'", "\\'");

function mergedValue({ name, type }: Column): string {
  const simple = /^SimpleAggregateFunction\((\w+), (.+)\)$/s.exec(type);
  if (simple) return `${simple[1]}(CAST(t.${name}, '${quoted(simple[2]!)}'))`;
  // equal numbers of users could still be other users
  if (type.startsWith('AggregateFunction(groupBitmap,')) {
    return `arraySort(bitmapToArray(groupBitmapMergeState(t.${name})))`;
  }
  const state = /^AggregateFunction\((\w+)/.exec(type);
  return state ? `${state[1]}Merge(t.${name})` : `any(t.${name})`;
}
