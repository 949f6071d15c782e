import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createFindings } from '../../catalog/findings.ts';
import { openJournal } from '../../catalog/journal.ts';
import { readSources } from '../../catalog/read-sources.ts';
import { findCatalogueFiles } from '../../catalog/source-files.ts';
import { folderSource } from '../../catalog/sources/folder.ts';
import { type OpenOptions, openFile, openSource } from '../../catalog/sources/open.ts';
import { untilSettled } from '../../catalog/sources/settled.ts';
import { createManualClock } from '../../core/clock.ts';

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

  it('passes by a subfolder that it may not read, and names it where files are missing', async () => {
    const folder = folderWith('shared', { 'movies.csv': 'movieId,title,genres\n' });
    mkdirSync(join(folder, 'private'));
    const read = async (path: string) => {
      if (path.endsWith('private')) throw new Error('EACCES: permission denied');
      return readdir(path, { withFileTypes: true });
    };
    const source = await folderSource(folder, read);
    expect(source.files.map(({ path }) => path)).toEqual(['movies.csv']);
    expect(() => findCatalogueFiles(source)).toThrow(/holds no links\.csv \(cannot be read: private\)/);
    await expect(folderSource(join(folder, 'private'), read)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('an address that is no catalogue', () => {
  const open = (address: string) => openSource(address, {} as OpenOptions);

  it('is refused in words that say what is wanted', async () => {
    const folder = folderWith('one', { 'movies.csv': 'movieId\n', 'films.zip': 'no archive' });
    const wanted = /movies\.csv is one file; give the folder or the zip archive that holds links\.csv/;
    await expect(open(join(folder, 'movies.csv'))).rejects.toThrow(wanted);
    await expect(open('https://example.org/movies.csv?x=1')).rejects.toThrow(/is one file/);
    await expect(open('s3://films/all.tar.gz')).rejects.toThrow(/all\.tar\.gz is no zip archive; give/);
    await expect(open('ftp://example.org/films.zip')).rejects.toThrow(
      /ftp:\/\/ is not fetched, only https:\/\/, http:\/\/ and s3:\/\/ are/,
    );
    await expect(openFile('ftp://example.org/CPI.csv', {} as OpenOptions)).rejects.toThrow(/is not fetched/);
  });
});

describe('untilSettled', () => {
  it('waits until the files are the same at two looks, and not at all for old ones', async () => {
    const folder = folderWith('copied', { 'a.csv': 'x', 'old.csv': 'x' });
    const [growing, old] = [join(folder, 'a.csv'), join(folder, 'old.csv')];
    const clock = createManualClock(1_000_000_000_000);
    const at = (path: string, ms: number) => utimesSync(path, ms / 1_000, ms / 1_000);
    at(old, clock.nowMs() - 60_000);
    const options = { clock, signal: new AbortController().signal, pollMs: 5_000 };
    await untilSettled(async () => [old], options);

    const sleeps = vi.spyOn(clock, 'sleep');
    at(growing, clock.nowMs());
    let isDone = false;
    const settled = untilSettled(async () => [growing, old], options).then(() => {
      isDone = true;
    });
    await vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(1));
    writeFileSync(growing, 'xy');
    at(growing, clock.nowMs() + 5_000);
    await clock.advance(5_000);
    await vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(2));
    expect(isDone).toBe(false);
    await clock.advance(5_000);
    await settled;
    expect(isDone).toBe(true);
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
