import { ReelstreamError } from '../core/errors.ts';
import type { Sources } from './catalogue.ts';
import type { Findings } from './findings.ts';

/** Release dates to load, both ends included; null = open. */
export interface ReleaseRange {
  /** `YYYY-MM-DD` */
  readonly from: string | null;
  readonly to: string | null;
}

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/**
 * `1990`, `1990-06` or `1990-06-15` at either end; a year or month means all of it.
 * @throws ReelstreamError `usage`
 */
export function parseReleaseRange(from: string | undefined, to: string | undefined): ReleaseRange {
  const range = {
    from: from === undefined ? null : wholeDate('--from', from, ['01', '01']),
    to: to === undefined ? null : wholeDate('--to', to, ['12', '31']),
  };
  if (range.from !== null && range.to !== null && range.from > range.to)
    throw new ReelstreamError('usage', `--from ${from} is after --to ${to}`);
  return range;
}

function wholeDate(option: string, text: string, [month, day]: readonly [string, string]): string {
  const [, year, givenMonth = month, givenDay = day] = DATE.exec(text) ?? [];
  const isReal = givenMonth >= '01' && givenMonth <= '12' && givenDay >= '01' && givenDay <= '31';
  if (year && isReal) return `${year}-${givenMonth}-${givenDay}`;
  throw new ReelstreamError('usage', `${option}: "${text}" is no date; write 1990, 1990-06 or 1990-06-15`);
}

/** File names of the rows, for what is said about them. */
export interface FileNames {
  readonly movies: string;
  readonly links: string;
  readonly metadata: string;
}

/**
 * Leaves out films released outside the range, and those of which nobody says when they were released. The metadata's date
 * counts before the year in MovieLens's title. Price indices stay whole: a figure in the prices of another year needs them.
 */
export function limitToRange(
  sources: Sources,
  range: ReleaseRange,
  findings: Findings,
  names: FileNames,
): Sources {
  if (range.from === null && range.to === null) return sources;
  const { movieLens, links, facts, lines } = sources;
  const reasonFor = (film: Released | undefined, year: number): string | null => {
    const date = film?.releaseDate ?? null;
    const known = date ?? (film?.releaseYear || year || null);
    if (known === null) return 'no_release_date';
    return isInside(String(known), range) ? null : 'outside_range';
  };
  const keep = <T>(
    rows: ReadonlyMap<number, T>,
    role: keyof FileNames,
    reasonOf: (id: number, row: T) => string | null,
  ) =>
    new Map(
      [...rows].filter(([id, row]) => {
        const reason = reasonOf(id, row);
        if (reason === null) return true;
        const line = lines[role].get(id) ?? 0;
        findings.add({ file: names[role], outcome: 'dropped', line }, { field: 'release_date', reason });
        findings.tally(names[role], 'loaded', -1);
        return false;
      }),
    );
  const reasonOfMovie = (id: number) =>
    reasonFor(facts.get(links.get(id)?.tmdbId ?? 0), movieLens.get(id)?.year ?? 0);
  return {
    ...sources,
    movieLens: keep(movieLens, 'movies', reasonOfMovie),
    links: keep(links, 'links', reasonOfMovie),
    facts: keep(facts, 'metadata', (_, film) => reasonFor(film, 0)),
  };
}

interface Released {
  readonly releaseDate: string | null;
  readonly releaseYear: number;
}

/** A year alone is inside when any of its days is. */
function isInside(known: string, { from, to }: ReleaseRange): boolean {
  const compared = (bound: string) => bound.slice(0, known.length);
  return (from === null || known >= compared(from)) && (to === null || known <= compared(to));
}
