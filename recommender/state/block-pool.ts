import { int32 } from './column.ts';
import { type Columns, createTable, type Table } from './table.ts';

/**
 * Blocks of slots within shared columns: what many rows of unlike length need instead of an array each. A block consists of
 * granules; a granule knows its owner row, so that any slot tells whose it is.
 */
export interface BlockPool<C extends Columns> {
  readonly tables: readonly Table[];
  readonly columns: C;
  /** granules handed out so far, freed ones included: bounds every slot there is */
  readonly granules: number;
  /** number of the first granule of a block of `sizes[sizeClass]` granules */
  allocate(sizeClass: number, owner: number): number;
  release(granule: number, sizeClass: number): void;
  /** -1 when the granule is free */
  ownerOf(granule: number): number;
}

const NONE = -1;

/** @param columns one row per granule: give each a width of the slots that a granule has */
export function createBlockPool<C extends Columns>(
  name: string,
  sizes: readonly number[],
  columns: C,
): BlockPool<C> {
  const table = createTable(name, { ...columns, owner: int32(1, NONE) } as C & {
    owner: ReturnType<typeof int32>;
  });
  const free = createTable(`${name}.free`, { head: int32(1, NONE) }, sizes.length);
  const { owner: owners } = table.columns;

  return {
    tables: [table, free],
    columns,
    get granules() {
      return table.rows;
    },
    allocate(sizeClass, owner) {
      const size = sizes[sizeClass];
      if (size === undefined) throw new RangeError(`${name}: a row is too long`);
      const heads = free.columns.head.data;
      let first = heads[sizeClass]!;
      if (first === NONE) {
        first = table.rows;
        table.ensure(first + size);
      } else {
        heads[sizeClass] = -2 - owners.data[first]!;
      }
      owners.data.fill(owner, first, first + size);
      return first;
    },
    release(granule, sizeClass) {
      const heads = free.columns.head.data;
      const end = granule + sizes[sizeClass]!;
      // what a deleted user left must not live on in a snapshot
      for (const { data, width } of Object.values(columns)) data.fill(0, granule * width, end * width);
      owners.data.fill(NONE, granule, end);
      // the chain of free blocks runs through the owners: -2 - next, which is -1 at the chain's end
      owners.data[granule] = -2 - heads[sizeClass]!;
      heads[sizeClass] = granule;
    },
    ownerOf(granule) {
      const owner = owners.data[granule]!;
      return owner < 0 ? NONE : owner;
    },
  };
}
