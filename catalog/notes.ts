import type { Sources } from './catalogue.ts';
import type { Findings } from './findings.ts';
import type { FileNames } from './range.ts';

/** A remake is easily taken for its original; a film's first showings lie a year or two apart. */
const FAR_APART_YEARS = 3;

/** Counts what joins and names have wrong with them: nothing here changes a row. */
export function noteJoins({ movieLens, links, facts }: Sources, findings: Findings, names: FileNames): void {
  const withId = [...links.values()].filter(({ tmdbId }) => tmdbId > 0);
  const note = (file: string, field: string, reason: string, rows: number) =>
    findings.note(file, { field, reason }, rows);
  note(names.links, 'tmdbId', 'empty', links.size - withId.length);
  note(
    names.links,
    'tmdbId',
    'shared_by_two_films',
    withId.length - new Set(withId.map((l) => l.tmdbId)).size,
  );
  if (facts.size === 0) return;
  note(names.links, 'tmdbId', 'not_in_metadata', withId.filter(({ tmdbId }) => !facts.has(tmdbId)).length);
  const farApart = withId.filter(({ movieId, tmdbId }) => {
    const year = movieLens.get(movieId)?.year ?? 0;
    const other = facts.get(tmdbId)?.releaseYear ?? 0;
    return year > 0 && other > 0 && Math.abs(year - other) >= FAR_APART_YEARS;
  });
  note(names.links, 'tmdbId', 'years_far_apart', farApart.length);
  const idsByName = new Map<string, Set<number>>();
  for (const { id, name } of [...facts.values()].flatMap(({ companies }) => companies)) {
    idsByName.set(name, (idsByName.get(name) ?? new Set()).add(id));
  }
  const shared = [...idsByName.values()].filter((ids) => ids.size > 1).length;
  note(names.metadata, 'production_companies', 'name_of_several_ids', shared);
}
