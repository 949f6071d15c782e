export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What one step of the value stands for; `flag` is 0 or 1, `1` is a plain number. */
export type MetricUnit =
  | 'events'
  | 'events/s'
  | 'rows'
  | 'batches'
  | 'partitions'
  | 'offset'
  | 'requests'
  | 'statements'
  | 'seconds'
  | 'unix seconds'
  | 'bytes'
  | 'ratio'
  | 'flag'
  | 'times'
  | 'version'
  | '1';

export interface MetricSpec {
  readonly type: MetricType;
  readonly unit: MetricUnit;
  readonly help: string;
  /** label name -> closed set of values; null = bounded by configuration (topics, tables, partitions) */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  /** upper bounds of a histogram, rising */
  readonly buckets?: readonly number[];
  /**
   * The series is missing until its value is known, because 0 would be a lie that rules believe: a time in 1970, a table
   * that had no rows yesterday. Everything else is born at 0.
   */
  readonly absentUntilKnown?: true;
}

export const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Holds the freshness objectives of the alert rules (8 s and 30 s): a quantile may lie between bounds, an objective may not. */
export const DELAY_SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300] as const;
