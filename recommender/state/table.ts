import type { Column } from './column.ts';

export type Columns = Readonly<Record<string, Column>>;

/**
 * Columns with one row count. All that the recommender knows stands in tables, so that a snapshot is a list of arrays and
 * no component writes code for it.
 */
export interface Table<C extends Columns = Columns> {
  /** unique within a recommender: `name.column` names the array in a snapshot */
  readonly name: string;
  readonly columns: C;
  rows: number;
  /** at least so many rows exist from now on */
  ensure(rows: number): void;
}

export function createTable<C extends Columns>(name: string, columns: C, rows = 0): Table<C> {
  const all = Object.values(columns);
  const table: Table<C> = {
    name,
    columns,
    rows: 0,
    ensure(rows) {
      if (rows <= table.rows) return;
      for (const column of all) column.ensure(rows);
      table.rows = rows;
    },
  };
  table.ensure(rows);
  return table;
}

/** Bytes that the table's arrays hold, room for growth included. */
export function tableBytes(table: Table): number {
  return Object.values(table.columns).reduce((sum, { data }) => sum + data.byteLength, 0);
}
