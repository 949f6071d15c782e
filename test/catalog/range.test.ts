import { describe, expect, it } from 'vitest';
import type { Sources } from '../../catalog/catalogue.ts';
import { toFilmFacts } from '../../catalog/film-facts.ts';
import { createFindings } from '../../catalog/findings.ts';
import { limitToRange, parseReleaseRange } from '../../catalog/range.ts';

const names = { movies: 'movies.csv', links: 'links.csv', metadata: 'movies_metadata.csv' };

describe('parseReleaseRange', () => {
  it('takes a year or month as all of it', () => {
    expect(parseReleaseRange('1990', '1999')).toEqual({ from: '1990-01-01', to: '1999-12-31' });
    expect(parseReleaseRange('1990-06', '1990-06')).toEqual({ from: '1990-06-01', to: '1990-06-31' });
    expect(parseReleaseRange(undefined, '1990-06-15')).toEqual({ from: null, to: '1990-06-15' });
  });

  it.each([['90'], ['1990-13'], ['1990-00'], ['yesterday']])('refuses %s', (text) => {
    expect(() => parseReleaseRange(text, undefined)).toThrow(/--from/);
    expect(() => parseReleaseRange(undefined, text)).toThrow(/--to/);
  });

  it('refuses a range that ends before it begins', () => {
    expect(() => parseReleaseRange('2000', '1999')).toThrow('--from 2000 is after --to 1999');
  });
});

describe('limitToRange', () => {
  const film = (id: number, release_date: string): [number, ReturnType<typeof facts>] => [
    id,
    facts(id, release_date),
  ];
  const facts = (id: number, release_date: string) => {
    const outcome = toFilmFacts({ id: String(id), release_date });
    if ('ok' in outcome) return outcome.ok.facts;
    throw new Error(outcome.quarantine.reason);
  };
  const link = (movieId: number, tmdbId: number) => [movieId, { movieId, tmdbId, imdbId: '' }] as const;
  const movie = (movieId: number, year: number) =>
    [movieId, { movieId, year, title: 'x', genreWords: '' }] as const;
  const sources: Sources = {
    movieLens: new Map([movie(1, 1985), movie(2, 1995), movie(3, 1995), movie(4, 0)]),
    links: new Map([link(1, 11), link(2, 12), link(3, 0), link(4, 0)]),
    facts: new Map([film(11, '1990-01-01'), film(12, '1989-12-31'), film(13, ''), film(14, '1874-12-09')]),
    cpi: [{ series: 'CPIAUCSL', month: '1950-01-01', value: 20 }],
    lines: {
      movies: new Map([[2, 3]]),
      links: new Map(),
      metadata: new Map([[12, 7]]),
    },
  };

  it('keeps all of it without a range', () => {
    expect(limitToRange(sources, { from: null, to: null }, createFindings(), names)).toBe(sources);
  });

  it("goes by the metadata's date, then by the title's year, and drops what nobody dates", () => {
    const findings = createFindings();
    for (const [file, rows] of [
      ['movies.csv', 4],
      ['links.csv', 4],
      ['movies_metadata.csv', 4],
    ] as const) {
      findings.tally(file, 'read', rows);
      findings.tally(file, 'loaded', rows);
    }
    const kept = limitToRange(sources, parseReleaseRange('1990', '1999'), findings, names);
    expect([...kept.movieLens.keys()]).toEqual([1, 3]);
    expect([...kept.links.keys()]).toEqual([1, 3]);
    expect([...kept.facts.keys()]).toEqual([11]);
    expect(kept.cpi).toEqual(sources.cpi);
    findings.requireBalance();
    expect(findings.list()).toContainEqual({
      file: 'movies_metadata.csv',
      outcome: 'dropped',
      field: 'release_date',
      reason: 'outside_range',
      rows: 2,
      lines: [7, 0],
    });
    expect(findings.list()).toContainEqual(
      expect.objectContaining({ file: 'movies.csv', reason: 'no_release_date', rows: 1 }),
    );
  });

  it('counts a film of which only the year is known', () => {
    const kept = limitToRange(sources, parseReleaseRange(undefined, '1880-06'), createFindings(), names);
    expect([...kept.facts.keys()]).toEqual([14]);
  });
});
