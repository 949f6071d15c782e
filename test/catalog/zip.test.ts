import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { zipSource } from '../../catalog/sources/zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-zip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'x.zip');
const budget = { maxDownloadBytes: 1_000_000, maxUnpackedBytes: 50_000_000 };

async function archive(fill: (zip: ZipFile) => void, spoil = (bytes: Buffer) => bytes) {
  const zip = new ZipFile();
  fill(zip);
  zip.end();
  writeFileSync(path, spoil(await buffer(zip.outputStream)));
}

const add = (zip: ZipFile, name: string, text: string | Buffer) => zip.addBuffer(Buffer.from(text), name);
const opening = () => zipSource(path, { budget });
const refusal = () =>
  opening().then(
    () => 'read',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  );

/** Names of one length, written over the name that the zip library lets through, at both places. */
const renamed = (from: string, to: string) => (bytes: Buffer) =>
  Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

describe('zipSource', () => {
  it('gives up what was fetched when it is no archive', async () => {
    writeFileSync(path, 'movieId,imdbId,tmdbId\n');
    let closed = false;
    const onClose = async () => {
      closed = true;
    };
    await expect(zipSource(path, { budget, onClose })).rejects.toMatchObject({ code: 'bad_data' });
    expect(closed).toBe(true);
  });

  it('reads entries as streams, folders are none, and says how large they are', async () => {
    let closed = false;
    await archive((zip) => {
      zip.addEmptyDirectory('ml/');
      add(zip, 'ml/links.csv', 'movieId\n1\n');
      add(zip, 'ml/movies.csv', 'x'.repeat(200_000));
    });
    const source = await zipSource(path, {
      budget,
      label: 's3://a/b.zip',
      revision: 'etag "1"',
      onClose: async () => {
        closed = true;
      },
    });
    expect(source).toMatchObject({ label: 's3://a/b.zip', revision: 'etag "1"' });
    expect(source.files.map(({ path: name, bytes }) => [name, bytes])).toEqual([
      ['ml/links.csv', 10],
      ['ml/movies.csv', 200_000],
    ]);
    expect((await buffer(await source.files[0]!.open())).toString()).toBe('movieId\n1\n');
    expect(await buffer(await source.files[1]!.open())).toHaveLength(200_000);
    await source.close();
    expect(closed).toBe(true);
  });

  it('refuses what is no archive', async () => {
    writeFileSync(path, 'movieId,imdbId,tmdbId\n');
    expect(await refusal()).toMatch(/^bad_data: .*x\.zip is not read: /);
  });

  it.each([
    ['../../etc/evil.csv', 'aa/aa/etc/evil.csv'],
    ['/etc/evil.csv', 'aetc/evil.csv'],
    ['a\\b/evil.csv', 'aab/evil.csv'],
  ])('refuses a name that leads outside: %s', async (evil, honest) => {
    const fitting = honest.padEnd(evil.length, 'x').slice(0, evil.length);
    await archive((zip) => add(zip, fitting, 'x'), renamed(fitting, evil));
    expect(await refusal()).toMatch(/^bad_data: .*(invalid|absolute|relative).*/);
  });

  it('refuses a name that is there twice', async () => {
    await archive(
      (zip) => {
        add(zip, 'links.csv', 'a');
        add(zip, 'lynks.csv', 'b');
      },
      renamed('lynks.csv', 'links.csv'),
    );
    expect(await refusal()).toMatch(/bad_data: .*links\.csv is in it twice/);
  });

  it('refuses an encrypted entry', async () => {
    await archive(
      (zip) => add(zip, 'links.csv', 'a'),
      (bytes) => {
        // bit 0 of the flags, in the directory
        const at = bytes.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
        bytes.writeUInt16LE(bytes.readUInt16LE(at + 8) | 1, at + 8);
        return bytes;
      },
    );
    expect(await refusal()).toMatch(/bad_data: .*links\.csv is encrypted/);
  });

  it('refuses a bomb: an entry that shrinks beyond belief, and one beyond the budget', async () => {
    await archive((zip) => add(zip, 'links.csv', Buffer.alloc(20_000_000)));
    expect(await refusal()).toMatch(/bad_data: .*links\.csv unpacks to \d+ times its size/);
    const text = Array.from({ length: 20_000 }, (_, i) => `${i * 7919},x`).join('\n');
    await archive((zip) => add(zip, 'links.csv', text));
    const source = zipSource(path, { budget: { ...budget, maxUnpackedBytes: 10_000 } });
    await expect(source).rejects.toThrow(
      /unpacks to more than 10000 bytes \(REELSTREAM_CATALOG_MAX_UNPACKED_MB\)/,
    );
  });

  it('stops reading an entry that is larger than it says', async () => {
    await archive(
      (zip) => add(zip, 'links.csv', 'a'.repeat(5_000)),
      (bytes) => {
        const at = bytes.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
        bytes.writeUInt32LE(100, at + 24);
        return bytes;
      },
    );
    const source = await opening();
    await expect(source.files[0]!.open().then(buffer)).rejects.toThrow(
      /links\.csv cannot be unpacked: too many bytes/,
    );
    await source.close();
  });

  it('notices a damaged entry by its checksum', async () => {
    await archive(
      (zip) => zip.addBuffer(Buffer.from('movieId,tmdbId\n1,862\n'), 'links.csv', { compress: false }),
      renamed('1,862', '1,863'),
    );
    const source = await opening();
    await expect(source.files[0]!.open().then(buffer)).rejects.toMatchObject({
      code: 'bad_data',
      message: expect.stringContaining('checksum'),
    });
    await source.close();
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});
