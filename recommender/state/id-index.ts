import { int32 } from './column.ts';
import { createTable, type Table } from './table.ts';

/** Public ids (users, films) -> dense row numbers in order of first appearance. Rows are never given back. */
export interface IdIndex {
  readonly size: number;
  readonly tables: readonly Table[];
  /** -1 for an id never seen */
  rowOf(id: number): number;
  /** the id's row, a new one when it has none; -1 when `maxRows` are taken */
  rowFor(id: number): number;
  idOf(row: number): number;
  /** rebuilds the search table, which no snapshot holds */
  restored(): void;
}

const FIRST_SLOTS = 1 << 10;

export function createIdIndex(name: string, maxRows: number): IdIndex {
  const table = createTable(name, { id: int32() });
  const ids = table.columns.id;
  // rows by hash of the id, open addressing, at most half full; -1 is free
  let slots = new Int32Array(FIRST_SLOTS).fill(-1);

  function slotOf(id: number): number {
    const mask = slots.length - 1;
    let slot = hash(id) & mask;
    for (;;) {
      const row = slots[slot]!;
      if (row < 0 || ids.data[row] === id) return slot;
      slot = (slot + 1) & mask;
    }
  }

  function rebuild(size: number): void {
    slots = new Int32Array(size).fill(-1);
    for (let row = 0; row < table.rows; row++) slots[slotOf(ids.data[row]!)] = row;
  }

  return {
    tables: [table],
    get size() {
      return table.rows;
    },
    rowOf: (id) => slots[slotOf(id)]!,
    rowFor(id) {
      const slot = slotOf(id);
      const known = slots[slot]!;
      if (known >= 0) return known;
      const row = table.rows;
      if (row >= maxRows) return -1;
      table.ensure(row + 1);
      ids.data[row] = id;
      slots[slot] = row;
      if (table.rows * 2 > slots.length) rebuild(slots.length * 2);
      return row;
    },
    idOf: (row) => ids.data[row]!,
    restored: () => rebuild(Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(2 * table.rows + 1)))),
  };
}

function hash(id: number): number {
  const x = Math.imul(id ^ (id >>> 16), 0x21f0aaad);
  return x ^ (x >>> 15);
}
