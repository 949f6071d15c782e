import { beforeAll, describe, expect, it } from 'vitest';
import { FULL_SIZE, syntheticSource } from '../../bench/catalogue-fixture.ts';
import type { Sources } from '../../catalog/catalogue.ts';
import { createFindings, type Findings, type JournalEntry, type Outcome } from '../../catalog/findings.ts';
import { noteJoins } from '../../catalog/notes.ts';
import { readSources } from '../../catalog/read-sources.ts';
import { findCatalogueFiles } from '../../catalog/source-files.ts';

const METADATA = 'movies_metadata.csv';
const journal: JournalEntry[] = [];
let findings: Findings;
let sources: Sources;

beforeAll(async () => {
  findings = createFindings((entry) => journal.push(entry));
  sources = await readSources(findCatalogueFiles(syntheticSource()), { findings });
  noteJoins(sources, findings, { movies: 'movies.csv', links: 'links.csv', metadata: METADATA });
}, 120_000);

const rows = (outcome: Outcome, field: string, reason: string) =>
  findings.list().find((f) => f.outcome === outcome && f.field === field && f.reason === reason)?.rows ?? 0;
const said = (outcome: Outcome, reason: string) =>
  journal.filter((entry) => entry.outcome === outcome && entry.reason === reason);

describe('a metadata file of full size', () => {
  it('has every row somewhere', () => {
    findings.requireBalance();
    expect(findings.count('read', METADATA)).toBe(FULL_SIZE.rows);
    expect(findings.count('loaded', METADATA)).toBe(FULL_SIZE.films);
    expect(findings.count('quarantined')).toBe(0);
    expect(findings.count('blanked')).toBe(0);
    expect(findings.list().map(({ file }) => file)).not.toContain('ratings.csv');
    expect(findings.list().map(({ file }) => file)).not.toContain('links_small.csv');
  });

  it('has its three broken records put together, each at its line, under its own id', () => {
    expect(rows('repaired', '', 'stitched')).toBe(FULL_SIZE.stitched);
    expect(rows('dropped', '', 'tail_of_stitched')).toBe(FULL_SIZE.stitched);
    for (const id of [82_663, 122_662, 249_260]) {
      expect(sources.facts.get(id)).toMatchObject({ status: 'Released', voteCount: expect.any(Number) });
      expect(sources.facts.get(id)?.releaseYear).toBeGreaterThan(1899);
      expect(sources.facts.get(id)?.voteCount).toBeGreaterThanOrEqual(100);
    }
  });

  it('has its repeated ids decided, and each decision logged', () => {
    const dropped = (reason: string) => said('dropped', reason);
    expect(dropped('identical_duplicate')).toHaveLength(FULL_SIZE.identicalRows);
    expect(dropped('conflicting_duplicate')).toHaveLength(FULL_SIZE.conflictingIds);
    const idsIn = (reason: string) => new Set(dropped(reason).map(({ detail }) => detail?.split(':')[0]));
    expect(idsIn('identical_duplicate').size).toBe(FULL_SIZE.identicalIds);
    expect(idsIn('conflicting_duplicate').size).toBe(FULL_SIZE.conflictingIds);
    for (const { detail } of dropped('conflicting_duplicate')) {
      const [, first, firstLine, later, laterLine, kept] =
        /(\d+) votes in line (\d+), (\d+) in line (\d+); line (\d+) is kept/.exec(detail ?? '')!.map(Number);
      expect(kept).toBe(later! >= first! ? laterLine : firstLine);
    }
  });

  it.each([
    ['repaired', 'budget', 'zero_is_unknown', 'zeroBudgets'],
    ['repaired', 'revenue', 'zero_is_unknown', 'zeroRevenues'],
    ['repaired', 'budget', 'suspect_money', 'tinyBudgets'],
    ['repaired', 'revenue', 'suspect_money', 'tinyRevenues'],
    ['repaired', 'vote_average', 'no_votes', 'noVotes'],
    ['repaired', 'runtime', 'zero_is_unknown', 'zeroRuntimes'],
    ['repaired', 'runtime', 'empty', 'emptyRuntimes'],
    ['repaired', 'release_date', 'empty', 'noReleaseDate'],
    ['repaired', 'release_date', 'only_year_kept', 'beforeDate32'],
    ['noted', 'release_date', 'first_of_january', 'firstOfJanuary'],
    ['noted', 'status', 'not_released', 'notReleased'],
    ['noted', 'genres', 'none', 'noGenres'],
    ['noted', 'production_companies', 'none', 'noCompanies'],
    ['noted', 'tmdbId', 'empty', 'linksWithoutId'],
    ['noted', 'tmdbId', 'not_in_metadata', 'linksToNoFilm'],
    ['noted', 'tmdbId', 'shared_by_two_films', 'linksRepeated'],
  ] as const)('is reported with as many as there are: %s %s %s', (outcome, field, reason, count) => {
    expect(rows(outcome, field, reason)).toBe(FULL_SIZE[count]);
  });

  it('has its names read as Python wrote them', () => {
    const names = new Set([...sources.facts.values()].flatMap((f) => f.companies.map(({ name }) => name)));
    expect(names).toContain("Director's Cut");
    expect(names).toContain('Toho 東宝');
    expect(names).toContain('The "Big" Picture');
    const oldest = [...sources.facts.values()].filter(({ releaseYear }) => releaseYear === 1874);
    expect(oldest.length).toBeGreaterThan(0);
    expect(oldest.every(({ releaseDate }) => releaseDate === null)).toBe(true);
  });

  it('has months without a figure left out', () => {
    expect(rows('dropped', '', 'month_without_figure')).toBe(2);
    expect(sources.cpi).toHaveLength(828);
  });
});
