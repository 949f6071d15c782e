import type { ClickHouse } from '../clickhouse/connection.ts';
import type { Measures } from '../core/checks.ts';

/** Where the numbers of checks come from. One source knows one kind of names; a runner asks all of them. */
export interface MeasureSource {
  knows(name: string): boolean;
  /** @param names only names it knows; those without a value (yet) are null */
  read(clickhouse: ClickHouse, names: readonly string[], nowMs: number): Promise<Measures>;
}

export async function readMeasures(
  clickhouse: ClickHouse,
  sources: readonly MeasureSource[],
  names: readonly string[],
  nowMs: number,
): Promise<Measures> {
  const read = await Promise.all(
    sources.map(async (source) => {
      const known = names.filter((name) => source.knows(name));
      return known.length === 0 ? [] : [...(await source.read(clickhouse, known, nowMs))];
    }),
  );
  return new Map(read.flat());
}
