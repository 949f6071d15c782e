import { createBlockPool } from './block-pool.ts';
import { int32, type TypedArray, uint8 } from './column.ts';
import { type Columns, createTable, type Table } from './table.ts';

/** Slots per granule: give the columns of a list this width. */
export const LIST_GRANULE = 4;
/** Two sizes per doubling: a sixth of the slots stands empty on average. */
const SIZES = [1, 2, 3, ...Array.from({ length: 20 }, (_, k) => [4 * 2 ** k, 6 * 2 ** k]).flat()];

/** One list per row, its values side by side in shared columns: value n of a row stands at `start(row) + n`. */
export interface RowLists<C extends Columns> {
  readonly tables: readonly Table[];
  readonly columns: C;
  /** slots there are, whether used or not */
  readonly slots: number;
  ensureRows(rows: number): void;
  start(row: number): number;
  length(row: number): number;
  /** position of a new last value, yet unwritten; moves the row's list when it is full */
  append(row: number): number;
  /** takes value `index` out; those behind it move up */
  removeAt(row: number, index: number): void;
  clear(row: number): void;
  /** the row to which a slot's value belongs, -1 when there is no value in it */
  ownerOfSlot(slot: number): number;
}

export function createRowLists<C extends Columns>(name: string, columns: C): RowLists<C> {
  const pool = createBlockPool(name, SIZES, columns);
  const rows = createTable(`${name}.row`, { block: int32(1, -1), length: int32(), size: uint8() });
  const { block, length, size } = rows.columns;
  const all = Object.values(columns);

  function move(row: number): void {
    const from = block.data[row]!;
    const sizeClass = from < 0 ? 0 : size.data[row]! + 1;
    const to = pool.allocate(sizeClass, row);
    if (from >= 0) {
      const first = from * LIST_GRANULE;
      const end = first + length.data[row]!;
      for (const column of all) (column.data as TypedArray).copyWithin(to * LIST_GRANULE, first, end);
      pool.release(from, size.data[row]!);
    }
    block.data[row] = to;
    size.data[row] = sizeClass;
  }

  return {
    tables: [...pool.tables, rows],
    columns,
    get slots() {
      return pool.granules * LIST_GRANULE;
    },
    ensureRows: rows.ensure,
    start: (row) => block.data[row]! * LIST_GRANULE,
    length: (row) => length.data[row]!,
    append(row) {
      const at = length.data[row]!;
      const room = block.data[row]! < 0 ? 0 : SIZES[size.data[row]!]! * LIST_GRANULE;
      if (at === room) move(row);
      length.data[row] = at + 1;
      return block.data[row]! * LIST_GRANULE + at;
    },
    removeAt(row, index) {
      const start = block.data[row]! * LIST_GRANULE;
      const end = start + length.data[row]!;
      for (const { data } of all) data.copyWithin(start + index, start + index + 1, end);
      length.data[row]!--;
    },
    clear(row) {
      if (block.data[row]! >= 0) pool.release(block.data[row]!, size.data[row]!);
      block.data[row] = -1;
      size.data[row] = 0;
      length.data[row] = 0;
    },
    ownerOfSlot(slot) {
      const row = pool.ownerOf((slot / LIST_GRANULE) | 0);
      return row >= 0 && slot - block.data[row]! * LIST_GRANULE < length.data[row]! ? row : -1;
    },
  };
}
