import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanStopMarker } from '../../../embedded/clickhouse/clean-stop.ts';
import { readHead, sourceOf, writeBody } from '../../../embedded/clickhouse/request-body.ts';
import { openRequestLog, type RequestRecord } from '../../../embedded/clickhouse/request-log.ts';
import { openScratch } from '../../../embedded/clickhouse/scratch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the marker of a clean stop', () => {
  it('is there once', () => {
    const marker = cleanStopMarker(folder);
    expect(marker.take()).toBe(false);
    marker.leave(1);
    expect([marker.take(), marker.take()]).toEqual([true, false]);
  });

  it.each(['', '{', '{}', '{"stoppedAtMs":"x"}'])('is none when it says %j', (text) => {
    writeFileSync(join(folder, 'clean-stop.json'), text);
    expect(cleanStopMarker(folder).take()).toBe(false);
  });
});

describe('scratch', () => {
  it('is empty and private at first, and counts what its files hold', async () => {
    const path = join(folder, 'scratch');
    mkdirSync(path);
    writeFileSync(join(path, 'old'), 'x');
    const scratch = openScratch(path, 100);
    expect(readdirSync(path)).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const [one, two] = [scratch.newFile('body'), scratch.newFile('body')];
    one.grow(60);
    expect(() => two.grow(60)).toThrow(/more than 100/);
    await one.remove();
    two.grow(100);
    expect(scratch.usedBytes).toBe(100);
    await two.remove();
    await two.remove();
    expect(scratch.usedBytes).toBe(0);
    await scratch.close();
    expect(existsSync(path)).toBe(false);
  });

  it('does not follow a link that somebody laid', () => {
    const path = join(folder, 'scratch');
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'precious'), 'x');
    symlinkSync(join(folder, 'elsewhere'), path);
    expect(() => openScratch(path, 1)).toThrow(/belongs to somebody else/);
    expect(existsSync(join(folder, 'elsewhere', 'precious'))).toBe(true);
  });
});

describe('a body', () => {
  const sourceOfChunks = (chunks: readonly string[]) =>
    sourceOf(
      Readable.from(
        chunks.map((chunk) => Buffer.from(chunk)),
        { objectMode: false },
      ),
    );

  it('is read no further than asked', async () => {
    const source = sourceOfChunks(['abc', 'def', 'ghi']);
    const head = await readHead(source, 4);
    expect([head.bytes.toString(), head.isWhole]).toEqual(['abcdef', false]);
    expect((await source.next())?.toString()).toBe('ghi');
    expect(await source.next()).toBeNull();
  });

  it('is written whole', async () => {
    const scratch = openScratch(join(folder, 's'), 1_000);
    const file = scratch.newFile('body');
    expect(await writeBody(Buffer.from('head '), sourceOfChunks(['a', 'b']), file, 100)).toBe(7);
    expect(statSync(file.path).size).toBe(7);
    await expect(
      writeBody(Buffer.alloc(0), sourceOfChunks(['abc']), scratch.newFile('body'), 2),
    ).rejects.toMatchObject({
      code: 229,
    });
  });

  it('that breaks off is an error', async () => {
    const broken = new Readable({ read() {} });
    broken.push(Buffer.from('abc'));
    setImmediate(() => broken.destroy(new Error('gone')));
    const source = sourceOf(broken);
    await expect(readHead(source, 100)).rejects.toMatchObject({ code: 33 });
  });
});

describe('the request log', () => {
  const record: RequestRecord = {
    queryId: 'q',
    user: 'default',
    kind: 'select',
    outcome: 'ok',
    code: 0,
    elapsedMs: 1,
    readRows: 1,
    writtenRows: 0,
    bodyBytes: 0,
    answerBytes: 2,
    text: 'SELECT 1',
  };

  it('begins a new file when the old one is full', async () => {
    const path = join(folder, 'requests.log');
    writeFileSync(path, Buffer.alloc(19_999_990));
    const log = openRequestLog(path, (error) => {
      throw error;
    });
    log.write(0, record);
    await log.close();
    expect(readdirSync(folder).sort()).toEqual(['requests.log', 'requests.log.1']);
    expect(statSync(path).size).toBeLessThan(1_000);
  });

  it('that cannot be written is reported once', async () => {
    const errors: Error[] = [];
    const log = openRequestLog(join(folder, 'no', 'such', 'folder'), (error) => errors.push(error));
    await expect.poll(() => errors.length).toBe(1);
    log.write(0, record);
    await log.close();
    expect(errors).toHaveLength(1);
  });
});
