import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSourceFiles } from '../../catalog/source-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-sources-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), 'x\n');
  }
}

describe('findSourceFiles', () => {
  it('finds the files in the folder and one level below', () => {
    put(
      'ml/links.csv',
      'ml/movies.csv',
      'tmdb/movies_metadata_2017.csv',
      'CPIAUCSL.csv',
      'deep/er/links.csv',
    );
    expect(findSourceFiles(folder)).toEqual({
      movies: join(folder, 'ml/movies.csv'),
      links: join(folder, 'ml/links.csv'),
      metadata: join(folder, 'tmdb/movies_metadata_2017.csv'),
      cpi: [join(folder, 'CPIAUCSL.csv')],
    });
  });

  it('does without movies.csv or without metadata, not without both', () => {
    put('links.csv', 'movies_metadata.csv', 'elsewhere/movies.csv');
    expect(findSourceFiles(folder).movies).toBeNull();
    rmSync(join(folder, 'movies_metadata.csv'));
    expect(() => findSourceFiles(folder)).toThrow(/neither/);
    put('movies.csv');
    expect(findSourceFiles(folder).metadata).toBeNull();
  });

  it('refuses to guess between two, to do without links, and a folder that is none', () => {
    expect(() => findSourceFiles(join(folder, 'absent'))).toThrow(/cannot be read/);
    put('movies.csv');
    expect(() => findSourceFiles(folder)).toThrow(/links\.csv/);
    put('a/links.csv', 'b/links.csv');
    expect(() => findSourceFiles(folder)).toThrow(/more than one links\.csv/);
  });
});
