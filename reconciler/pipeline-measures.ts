import type { ClickHouse } from '../clickhouse/connection.ts';
import type { MeasureSource } from './measures.ts';
import { PERIOD_SIDES, PERIODS, type Period, type PeriodSide } from './periods.ts';
import { PERIOD_TABLES, type PeriodOptions, type PeriodTable, readPeriods } from './read-periods.ts';
import { readSettled, SETTLED_TABLES, type SettledTable } from './read-settled.ts';
import { readSinkPositions } from './sink-positions.ts';

export interface PipelineMeasureOptions extends PeriodOptions {
  readonly clusterId: string;
  readonly topic: string;
  readonly rangeRecords: number;
}

/** `rows:events_raw:1d`: what, of which table, of which period; the sides as people say them. */
const SIDE_WORDS: Readonly<Record<PeriodSide, string>> = {
  closed: '',
  previous: 'previous_',
  lastWeek: 'last_week_',
};

type Read = (numbers: Numbers) => number | null;

interface Numbers {
  readonly periods: Awaited<ReturnType<typeof readPeriods>>;
  readonly settled: Awaited<ReturnType<typeof readSettled>>;
}

/**
 * Numbers of the stream: `rows:T:P`, `previous_rows:T:P` and `last_week_rows:T:P` of closed periods (P is 1h or 1d), the
 * same with `bytes` (of `events_raw`), and `log:T` against `stored:T`, the records of the settled offsets and the rows of them.
 */
export function pipelineMeasures(options: PipelineMeasureOptions): MeasureSource {
  return {
    knows: isPipelineMeasure,
    async read(clickhouse, names, nowMs) {
      const numbers = await readNumbers(clickhouse, options, nowMs);
      return new Map(names.map((name) => [name, READERS.get(name)!(numbers)]));
    },
  };
}

export const isPipelineMeasure = (name: string): boolean => READERS.has(name);

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ...PERIODS.flatMap((period) =>
    PERIOD_TABLES.flatMap((table) => PERIOD_SIDES.flatMap((side) => periodReaders(period, table, side))),
  ),
  ...SETTLED_TABLES.flatMap((table: SettledTable): [string, Read][] => [
    [`log:${table}`, ({ settled }) => settled[table].source],
    [`stored:${table}`, ({ settled }) => settled[table].sink],
  ]),
]);

function periodReaders(period: Period, table: PeriodTable, side: PeriodSide): [string, Read][] {
  const of = ({ periods }: Numbers) => periods[period][table][side];
  const rows: [string, Read] = [`${SIDE_WORDS[side]}rows:${table}:${period}`, (all) => of(all)?.rows ?? null];
  const bytes: [string, Read] = [
    `${SIDE_WORDS[side]}bytes:${table}:${period}`,
    (all) => of(all)?.bytes ?? null,
  ];
  return table === 'events_raw' ? [rows, bytes] : [rows];
}

async function readNumbers(
  clickhouse: ClickHouse,
  options: PipelineMeasureOptions,
  nowMs: number,
): Promise<Numbers> {
  const positions = await readSinkPositions(clickhouse, options.clusterId, options.topic);
  const [periods, settled] = await Promise.all([
    readPeriods(clickhouse, nowMs, options),
    readSettled(clickhouse, positions, new Map(), options),
  ]);
  return { periods, settled };
}
