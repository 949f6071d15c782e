import type { TypedArray } from '../state/column.ts';
import type { Table } from '../state/table.ts';

/**
 * How the changes of several shards to one film's row become one. `sum` takes all of them; `clipped` too, but lets no row go
 * further than a lone learner would.
 */
export const MERGE_RULES = ['sum', 'clipped'] as const;
export type MergeRule = (typeof MERGE_RULES)[number];

/** Facts: they are added up, whatever the rule. */
const COUNTS = ['store.film.ratings', 'store.film.halfStars'];
const TOTALS = ['store.totals.ratings', 'store.totals.halfStars'];
/** What is learned of a film. */
const ROWS = ['sgd.film.factors', 'sgd.film.bias', 'sgd.film.gradient'];
/** Every step adds to it: a row that it did not move in has not changed. */
const MARK = 'sgd.film.gradient';
/** Longest step of a film's factors, and of its bias in stars, between two merges. */
const LONGEST_STEP = 0.5;

/** One shard's copy of what all of them share, by name: the living arrays. */
export type FilmSide = ReadonlyMap<string, TypedArray>;

/** @param films rows of every film; no more may be added afterwards */
export function filmSideOf(tables: readonly Table[], films: number): FilmSide {
  const columns = tables.flatMap(({ name, columns }) =>
    Object.entries(columns).map(([column, { data, width }]) => ({ name: `${name}.${column}`, data, width })),
  );
  const shared = columns.filter(({ name }) => [...COUNTS, ...TOTALS, ...ROWS].includes(name));
  return new Map(
    shared.map(({ name, data, width }) => [
      name,
      data.subarray(0, TOTALS.includes(name) ? width : films * width),
    ]),
  );
}

/**
 * Brings all shards to one state, as often as it is called: what each changed since the last time, together.
 * @param films how many
 */
export function createFilmMerge(shards: readonly FilmSide[], films: number, rule: MergeRule): () => void {
  const base = new Map([...shards[0]!].map(([name, array]) => [name, Float64Array.from(array)]));

  /** the values from..to of one array: the shards' steps onto the base, and that into every shard */
  function mergeRange(name: string, from: number, to: number): void {
    const merged = base.get(name)!;
    const arrays = shards.map((side) => side.get(name)!);
    const steps = new Float64Array(to - from);
    for (const now of arrays) {
      for (let at = from; at < to; at++) steps[at - from]! += now[at]! - merged[at]!;
    }
    if (rule === 'clipped' && ROWS.includes(name) && name !== MARK) clip(steps);
    for (let at = from; at < to; at++) {
      merged[at]! += steps[at - from]!;
      for (const now of arrays) now[at] = merged[at]!;
      // in the precision of those who read it, or it would never be equal to what they hold
      merged[at] = arrays[0]![at]!;
    }
  }

  function mergeFilm(film: number): void {
    for (const name of [...ROWS, ...COUNTS]) {
      const width = base.get(name)!.length / films;
      mergeRange(name, film * width, (film + 1) * width);
    }
  }

  return () => {
    const marks = shards.map((side) => side.get(MARK)!);
    const before = base.get(MARK)!;
    for (let film = 0; film < films; film++) {
      if (marks.some((mark) => mark[film] !== before[film])) mergeFilm(film);
    }
    for (const name of TOTALS) mergeRange(name, 0, 1);
  };
}

function clip(row: Float64Array): void {
  const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  if (length > LONGEST_STEP) for (let at = 0; at < row.length; at++) row[at]! *= LONGEST_STEP / length;
}
