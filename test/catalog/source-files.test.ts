import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { cpiFiles, findCatalogueFiles } from '../../catalog/source-files.ts';
import type { SourceFile } from '../../catalog/sources/source.ts';

const file = (path: string): SourceFile => ({ path, bytes: 1, open: async () => Readable.from([]) });
const found = (...paths: string[]) =>
  findCatalogueFiles({ label: 'the source', revision: null, files: paths.map(file) }).map(
    ({ role, file: { path } }) => `${role} ${path}`,
  );

describe('findCatalogueFiles', () => {
  it('finds the files at the top and one folder below, and nothing else', () => {
    expect(
      found(
        'ml/links.csv',
        'ml/movies.csv',
        'ml/ratings.csv',
        'tmdb/movies_metadata_2017.csv',
        'tmdb/credits.csv',
        'cpi/CUSR0000SS62031.csv',
        'CPIAUCSL.csv',
        'deep/er/links.csv',
      ),
    ).toEqual([
      'movies ml/movies.csv',
      'links ml/links.csv',
      'metadata tmdb/movies_metadata_2017.csv',
      'cpi CPIAUCSL.csv',
      'cpi cpi/CUSR0000SS62031.csv',
    ]);
  });

  it('looks below the folder that an archive was packed with', () => {
    expect(found('all/ml/links.csv', 'all/ml/movies.csv', 'all/cpi/CPIAUCSL.csv')).toEqual([
      'movies ml/movies.csv',
      'links ml/links.csv',
      'cpi cpi/CPIAUCSL.csv',
    ]);
    expect(found('ml/links.csv', 'ml/movies.csv', '__MACOSX/ml/._links.csv')).toHaveLength(2);
  });

  it('takes the small links only where there are no others', () => {
    expect(found('links.csv', 'links_small.csv', 'movies_metadata.csv')).toEqual([
      'links links.csv',
      'metadata movies_metadata.csv',
    ]);
    expect(found('links_small.csv', 'movies_metadata.csv')[0]).toBe('links links_small.csv');
  });

  it('does without movies.csv or without metadata, not without both', () => {
    expect(found('links.csv', 'movies_metadata.csv', 'elsewhere/movies.csv')).not.toContain('movies');
    expect(found('links.csv', 'movies.csv')).toEqual(['movies movies.csv', 'links links.csv']);
    expect(() => found('links.csv', 'elsewhere/movies.csv')).toThrow(/neither/);
  });

  it('refuses to guess between two and to do without links', () => {
    expect(() => found('movies.csv')).toThrow(/links\.csv/);
    expect(() => found('a/links.csv', 'b/links.csv', 'a/movies.csv')).toThrow('a/links.csv, b/links.csv');
  });

  it('tells two price indices of one name apart', () => {
    const single = { file: file('fredgraph.csv'), label: 'x', revision: null };
    expect(cpiFiles([single, single]).map(({ name }) => name)).toEqual([
      'fredgraph.csv',
      'fredgraph.csv (2)',
    ]);
  });
});
