/** What a target's query brought. Times are unix seconds, everywhere in the console. */
export type TargetData = SeriesData | TableData;

/** Lines over one grid of times; null = nothing known there. */
export interface SeriesData {
  readonly kind: 'series';
  readonly times: readonly number[];
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly values: readonly (number | null)[];
  }[];
}

export interface TableData {
  readonly kind: 'table';
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Cell = string | number | null;

export interface Column {
  readonly name: string;
  /** of a time, cells are unix seconds */
  readonly type: 'time' | 'number' | 'text';
}

/** Lines that share their times, ready to be drawn. */
export interface Lines {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}
