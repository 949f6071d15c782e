import type { Cell } from '../print.ts';

/** What a protocol found: a table for people, the figures themselves for programs. */
export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly figures: object;
  readonly notes: readonly string[];
}

/** Four digits: what differs behind them is chance. */
export const digits = (value: number): string => value.toFixed(4);
