import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFindings } from '../../catalog/findings.ts';
import { openJournal } from '../../catalog/journal.ts';
import { readSources } from '../../catalog/read-sources.ts';
import { findCatalogueFiles } from '../../catalog/source-files.ts';
import { folderSource } from '../../catalog/sources/folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'reelstream-folder-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder with these files. */
function folderWith(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

describe('folderSource', () => {
  it('follows links to files and folders, and passes by one that leads nowhere', async () => {
    const far = folderWith('far', { 'links.csv': 'movieId,imdbId,tmdbId\n1,2,3\n' });
    const near = folderWith('near', {});
    symlinkSync(join(far, 'links.csv'), join(near, 'links.csv'));
    symlinkSync(far, join(near, 'ml'));
    symlinkSync(join(scratch, 'gone'), join(near, 'movies.csv'));
    const { files } = await folderSource(near);
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['links.csv', 28],
      ['ml/links.csv', 28],
    ]);
  });
});

describe('readSources', () => {
  it('refuses a file that ends after its header', async () => {
    const folder = folderWith('cut', {
      'links.csv': 'movieId,imdbId,tmdbId\n1,2,3\n',
      'movies.csv': 'movieId,title,genres\n',
    });
    const files = findCatalogueFiles(await folderSource(folder));
    await expect(readSources(files, { findings: createFindings() })).rejects.toMatchObject({
      code: 'bad_data',
      message: 'movies.csv holds a header and no rows',
    });
  });
});

describe('openJournal', () => {
  it('says which file could not be written when the disk is full', () => {
    const folder = folderWith('full', {});
    symlinkSync('/dev/full', join(folder, 'errors.ndjson'));
    const journal = openJournal(scratch, 'full');
    journal.write({
      file: 'links.csv',
      line: 2,
      outcome: 'quarantined',
      field: 'movieId',
      reason: 'not_an_id',
    });
    expect(() => journal.finish({})).toThrow(/full.errors\.ndjson cannot be written: ENOSPC/);
  });
});
