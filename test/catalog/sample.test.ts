import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCatalogue, type Catalogue, type Sources } from '../../catalog/catalogue.ts';
import { catalogueHash, hashFiles } from '../../catalog/content-hash.ts';
import { needs, readCsv } from '../../catalog/csv.ts';
import { createFindings, type Findings } from '../../catalog/findings.ts';
import { noteJoins } from '../../catalog/notes.ts';
import { parsePythonLiteral } from '../../catalog/python-literal.ts';
import { readSources } from '../../catalog/read-sources.ts';
import { type CatalogueFile, findCatalogueFiles } from '../../catalog/source-files.ts';
import { folderSource } from '../../catalog/sources/folder.ts';
import { projectRoot } from '../../runtime/environment.ts';

const folder = join(projectRoot, 'data');

let files: CatalogueFile[];
let findings: Findings;
let sources: Sources;
let catalogue: Catalogue;

beforeAll(async () => {
  files = findCatalogueFiles(await folderSource(folder));
  findings = createFindings();
  sources = await readSources(files, { findings });
  noteJoins(sources, findings, { movies: 'movies.csv', links: 'links.csv', metadata: 'movies_metadata.csv' });
  catalogue = buildCatalogue(sources);
});

const found = (outcome: string, field: string, reason: string) =>
  findings.list().find((f) => f.outcome === outcome && f.field === field && f.reason === reason);

describe('the sample catalogue', () => {
  it('has every row accounted for', () => {
    const rows = (file: string, outcome: string) =>
      findings
        .list()
        .filter((finding) => finding.file === file && finding.outcome === outcome)
        .reduce((sum, finding) => sum + finding.rows, 0);
    for (const [file, count] of [
      ['movies.csv', 9_742],
      ['links.csv', 9_742],
      ['movies_metadata.csv', 2_996],
      ['CUSR0000SS62031.csv', 280],
      ['CPIAUCSL.csv', 828],
    ] as const) {
      expect(rows(file, 'read'), file).toBe(count);
      expect(rows(file, 'loaded') + rows(file, 'dropped') + rows(file, 'quarantined'), file).toBe(count);
    }
    expect(findings.count('quarantined')).toBe(0);
    expect(findings.count('blanked')).toBe(0);
    findings.requireBalance();
  });

  it('tells what films are about, as far as TMDB does', () => {
    const told = catalogue.movies.filter(({ overview }) => overview !== '');
    expect(told.find(({ movie_id: id }) => id === 1)?.overview).toMatch(/^Led by Woody, Andy's toys live/);
    expect(told.length).toBeGreaterThan(2_900);
    expect(told.filter(({ facts_from: from }) => from !== 'tmdb')).toEqual([]);
  });

  it('has the known flaws, each counted', () => {
    expect(sources.facts.size).toBe(2_995);
    expect(found('dropped', 'id', 'identical_duplicate')?.rows).toBe(1);
    expect(found('repaired', 'budget', 'zero_is_unknown')?.rows).toBe(1_603);
    expect(found('repaired', 'revenue', 'zero_is_unknown')?.rows).toBe(1_559);
    expect(found('repaired', 'budget', 'suspect_money')?.rows).toBe(17);
    expect(found('repaired', 'revenue', 'suspect_money')?.rows).toBe(25);
    expect(found('repaired', 'vote_average', 'no_votes')?.rows).toBe(99);
    expect(found('repaired', 'runtime', 'zero_is_unknown')?.rows).toBe(33);
    expect(found('repaired', 'runtime', 'empty')?.rows).toBe(6);
    expect(found('repaired', 'release_date', 'empty')?.rows).toBe(2);
    expect(found('repaired', '', 'stitched')).toBeUndefined();
    const films = [...sources.facts.values()];
    expect(films.filter(({ budget, revenue }) => budget !== null && revenue !== null)).toHaveLength(1_123);
    expect(films.filter(({ genres }) => genres.length === 0)).toHaveLength(73);
    expect(films.filter(({ companies }) => companies.length === 0)).toHaveLength(328);
  });

  it('has the films from before 1970 in their year', () => {
    const early = [...sources.facts.values()].filter((film) => film.releaseDate && film.releaseDate < '1970');
    expect(early).toHaveLength(404);
    expect(Math.min(...early.map(({ releaseYear }) => releaseYear))).toBe(1919);
  });

  it('joins 51.2 % of the ratings to TMDB facts, and every MovieLens film has genres from one side', () => {
    const matched = new Set(catalogue.movies.filter((m) => m.facts_from === 'tmdb').map((m) => m.movie_id));
    const ratedIds = readFileSync(join(folder, 'ml-latest-small/ratings.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[1]));
    const resolved = ratedIds.filter((id) => matched.has(id)).length;
    expect(ratedIds).toHaveLength(100_836);
    expect(ratedIds.length - resolved).toBe(49_175);
    expect((resolved / ratedIds.length).toFixed(3)).toBe('0.512');
  });

  it('keeps the films of either side', () => {
    expect(catalogue.matched).toBe(2_350);
    expect(catalogue.movies.filter((m) => m.movie_id > 0)).toHaveLength(9_742);
    expect(catalogue.movies.filter((m) => m.movie_id === 0)).toHaveLength(645);
    expect(sources.links.size).toBe(9_742);
    expect([...sources.links.values()].filter(({ tmdbId }) => tmdbId === 0)).toHaveLength(8);
    const shared = catalogue.movies.filter(({ tmdb_id }) => tmdb_id === 4912);
    expect(shared.map(({ movie_id }) => movie_id)).toEqual([6003, 144606]);
    expect(catalogue.companies).toHaveLength(2_282 + 1);
    expect(catalogue.genres).toHaveLength(20 + 1 + 1); // TMDB's, Film-Noir, (unknown)
  });

  it('is a case where replacing quotes would not do', async () => {
    const naiveFails = (text: string) => {
      try {
        JSON.parse(text.replaceAll("'", '"'));
        return false;
      } catch {
        return true;
      }
    };
    const failures = { companies: 0, collections: 0, lists: 0, ours: 0 };
    const { file } = files.find(({ role }) => role === 'metadata')!;
    const columns = needs(['production_companies', 'belongs_to_collection']);
    for await (const row of readCsv('movies_metadata.csv', await file.open(), columns)) {
      if ('fault' in row) throw new Error(`line ${row.line}`);
      const companies = row.fields.production_companies!;
      const collection = row.fields.belongs_to_collection!;
      if (naiveFails(companies)) failures.companies += 1;
      if (collection !== '') failures.lists += 1;
      if (collection !== '' && naiveFails(collection)) failures.collections += 1;
      for (const text of [companies, collection])
        if (text && !parsePythonLiteral(text).ok) failures.ours += 1;
    }
    expect(failures).toEqual({ companies: 34, collections: 88, lists: 518, ours: 0 });
  });

  it('has what nobody can repair noted', () => {
    const noted = (field: string, reason: string) => found('noted', field, reason)?.rows;
    expect(noted('release_date', 'first_of_january')).toBe(92);
    expect(noted('status', 'not_released')).toBe(14);
    expect(noted('vote_average', 'zero_with_votes')).toBe(3);
    expect(noted('genres', 'none')).toBe(73);
    expect(noted('production_companies', 'none')).toBe(328);
    expect(noted('production_companies', 'name_of_several_ids')).toBe(13);
    expect(noted('tmdbId', 'empty')).toBe(8);
    expect(noted('tmdbId', 'shared_by_two_films')).toBe(1);
    // Romance (1999) leads to a film of 2012
    expect(noted('tmdbId', 'years_far_apart')).toBeGreaterThan(0);
  });

  it('hashes the same for the same bytes and choices, and differently otherwise', async () => {
    const hashed = await hashFiles(files, () => {});
    const choices = { minCredibleDollars: 1_000 };
    expect(catalogueHash(hashed, choices)).toBe(catalogueHash(await hashFiles(files, () => {}), choices));
    expect(catalogueHash(hashed.slice(1), choices)).not.toBe(catalogueHash(hashed, choices));
    expect(catalogueHash(hashed, { minCredibleDollars: 1 })).not.toBe(catalogueHash(hashed, choices));
  });
});
