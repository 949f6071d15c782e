import { createChance } from '../../core/chance.ts';
import { createBlockPool } from '../state/block-pool.ts';
import { float32, float64, int32, uint8 } from '../state/column.ts';
import { createTable, type Table } from '../state/table.ts';

/**
 * How often two films came within a few of each other in somebody's sequence: bounded, incremental, symmetric counts.
 * A film keeps up to 512 neighbours in groups of 16, by a hash of the neighbour, so that a look-up reads one group.
 */
export interface CoOccurrence {
  readonly tables: readonly Table[];
  ensureFilms(rows: number): void;
  /** one more user came to the film */
  countFilm(film: number): void;
  uncountFilm(film: number): void;
  countPair(film: number, other: number): void;
  uncountPair(film: number, other: number): void;
  pairs(film: number, other: number): number;
  /** how close they are: pairs over the root of both films' users, small counts shrunk */
  closeness(film: number, other: number): number;
  eachNeighbour(film: number, visit: (other: number, closeness: number) => void): void;
  /** adds weight x closeness of every neighbour to `scores`, and those it touched first to `touched` from `count` on */
  spread(film: number, weight: number, scores: Float64Array, touched: Int32Array, count: number): number;
}

export const GROUP = 16;
const GROUP_SIZES = [1, 2, 4, 8, 16, 32];
const SHRINKAGE = 10;
const FREE = -1;

export function createCoOccurrence(seed: number): CoOccurrence {
  const pool = createBlockPool('pairs', GROUP_SIZES, {
    neighbour: int32(GROUP, FREE),
    count: float32(GROUP),
  });
  const films = createTable('pairs.film', {
    block: int32(1, -1),
    size: uint8(),
    root: float32(),
    users: int32(),
  });
  const counters = createTable('pairs.counters', { evictions: float64() }, 1);
  const chance = createChance(seed, 'pairs.evict');
  const { neighbour, count } = pool.columns;
  const { block, size, root, users } = films.columns;

  const groupOf = (film: number, other: number): number =>
    (block.data[film]! + (hash(other) & (GROUP_SIZES[size.data[film]!]! - 1))) * GROUP;

  function slotOf(film: number, other: number): number {
    if (block.data[film]! < 0) return -1;
    const start = groupOf(film, other);
    const ids = neighbour.data;
    for (let at = start; at < start + GROUP; at++) {
      const id = ids[at]!;
      if (id === other) return at;
      if (id === FREE) return -1;
    }
    return -1;
  }

  /** twice the groups, each neighbour into the one that its hash now names */
  function widen(film: number): void {
    const from = block.data[film]!;
    const fromSize = from < 0 ? -1 : size.data[film]!;
    const to = pool.allocate(fromSize + 1, film);
    neighbour.data.fill(FREE, to * GROUP, (to + GROUP_SIZES[fromSize + 1]!) * GROUP);
    block.data[film] = to;
    size.data[film] = fromSize + 1;
    if (from < 0) return;
    const end = (from + GROUP_SIZES[fromSize]!) * GROUP;
    for (let at = from * GROUP; at < end; at++) {
      if (neighbour.data[at] !== FREE) insert(film, neighbour.data[at]!, count.data[at]!);
    }
    pool.release(from, fromSize);
  }

  /** false when the neighbour's group is full */
  function insert(film: number, other: number, pairs: number): boolean {
    const start = groupOf(film, other);
    for (let at = start; at < start + GROUP; at++) {
      if (neighbour.data[at] !== FREE) continue;
      neighbour.data[at] = other;
      count.data[at] = pairs;
      return true;
    }
    return false;
  }

  /**
   * A newcomer takes the weakest place with probability 1/(its count + 1) and starts at 1. Were it to inherit the count, as
   * Space-Saving has it, the many films that come once would drive out those that come often.
   */
  function replaceWeakest(film: number, other: number): void {
    const start = groupOf(film, other);
    const counts = count.data;
    let weakest = start;
    for (let at = start + 1; at < start + GROUP; at++) if (counts[at]! < counts[weakest]!) weakest = at;
    const evictions = counters.columns.evictions.data;
    if (chance.unit(evictions[0]!++) * (counts[weakest]! + 1) >= 1) return;
    neighbour.data[weakest] = other;
    counts[weakest] = 1;
  }

  function increment(film: number, other: number): void {
    const slot = slotOf(film, other);
    if (slot >= 0) {
      count.data[slot]!++;
      return;
    }
    if (block.data[film]! < 0) widen(film);
    while (!insert(film, other, 1)) {
      if (size.data[film] === GROUP_SIZES.length - 1) {
        replaceWeakest(film, other);
        return;
      }
      widen(film);
    }
  }

  function decrement(film: number, other: number): void {
    const slot = slotOf(film, other);
    if (slot >= 0 && --count.data[slot]! <= 0) take(slot);
  }

  /** the group's last neighbour moves into the gap, so that the first free place ends a group */
  function take(slot: number): void {
    const end = (Math.floor(slot / GROUP) + 1) * GROUP;
    let last = slot;
    while (last + 1 < end && neighbour.data[last + 1] !== FREE) last++;
    neighbour.data[slot] = neighbour.data[last]!;
    count.data[slot] = count.data[last]!;
    neighbour.data[last] = FREE;
    count.data[last] = 0;
  }

  const pairs = (film: number, other: number): number => {
    const slot = slotOf(film, other);
    return slot < 0 ? 0 : count.data[slot]!;
  };
  const addUsers = (film: number, change: number): void => {
    users.data[film] = Math.max(0, users.data[film]! + change);
    root.data[film] = Math.sqrt(users.data[film]!);
  };

  return {
    tables: [...pool.tables, films, counters],
    ensureFilms: films.ensure,
    countFilm: (film) => addUsers(film, 1),
    uncountFilm: (film) => addUsers(film, -1),
    countPair(film, other) {
      increment(film, other);
      increment(other, film);
    },
    uncountPair(film, other) {
      decrement(film, other);
      decrement(other, film);
    },
    pairs,
    closeness: (film, other) => pairs(film, other) / (root.data[film]! * root.data[other]! + SHRINKAGE),
    eachNeighbour(film, visit) {
      if (block.data[film]! < 0) return;
      const end = (block.data[film]! + GROUP_SIZES[size.data[film]!]!) * GROUP;
      for (let at = block.data[film]! * GROUP; at < end; at++) {
        const other = neighbour.data[at]!;
        if (other !== FREE)
          visit(other, count.data[at]! / (root.data[film]! * root.data[other]! + SHRINKAGE));
      }
    },
    spread(film, weight, scores, touched, touchedCount) {
      if (block.data[film]! < 0) return touchedCount;
      const end = (block.data[film]! + GROUP_SIZES[size.data[film]!]!) * GROUP;
      const filmRoot = root.data[film]!;
      const ids = neighbour.data;
      const counts = count.data;
      const roots = root.data;
      let length = touchedCount;
      for (let group = block.data[film]! * GROUP; group < end; group += GROUP) {
        for (let at = group; at < group + GROUP; at++) {
          const other = ids[at]!;
          if (other === FREE) break;
          if (scores[other] === 0) touched[length++] = other;
          scores[other]! += (weight * counts[at]!) / (filmRoot * roots[other]! + SHRINKAGE);
        }
      }
      return length;
    },
  };
}

/** Row numbers are dense and the frequent ones small: every bit has to reach those that choose the group. */
function hash(film: number): number {
  const x = Math.imul(film + 1, 0x21f0aaad);
  const y = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return y ^ (y >>> 15);
}
