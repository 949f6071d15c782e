import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeFileLock } from '../../../embedded/supervisor/file-lock.ts';
import { ownIdentity } from '../../../embedded/supervisor/process-identity.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-lock-'));
  file = join(folder, 'one.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const own = ownIdentity();
const take = (waitsFor = false, signal?: AbortSignal) =>
  takeFileLock(file, own, { waitsFor: () => waitsFor, signal });
async function takeAndRelease(): Promise<void> {
  const lock = await take();
  if (!('release' in lock)) throw new Error(`held by ${lock.pid}`);
  lock.release();
}

describe('a file lock', () => {
  it('names its holder to whoever comes second, and is gone after its release', async () => {
    const lock = await take();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(own);
    expect(await take()).toEqual(own);
    if ('release' in lock) lock.release();
    await takeAndRelease();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('given up twice takes nothing from its next holder', async () => {
    const lock = await take();
    if (!('release' in lock)) throw new Error('held');
    lock.release();
    await take();
    lock.release();
    expect(await take()).toEqual(own);
  });

  it.each([
    ['an earlier process with the same number', JSON.stringify({ ...own, startTime: '1' })],
    ['a number that nobody has', JSON.stringify({ pid: 2 ** 30, startTime: '1' })],
    ['a power cut', ''],
    ['a power cut, half way', '{"pid":'],
    ['nobody', 'null'],
  ])('left by %s is taken over', async (_, text) => {
    writeFileSync(file, text);
    await takeAndRelease();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over although somebody died in the middle of taking it over', async () => {
    writeFileSync(file, '');
    writeFileSync(`${file}.takeover`, JSON.stringify({ ...own, startTime: '1' }));
    await takeAndRelease();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets others work while somebody else takes a dead lock over, and the wait can be called off', async () => {
    writeFileSync(file, '');
    writeFileSync(`${file}.takeover`, JSON.stringify(own));
    const callOff = new AbortController();
    setTimeout(() => callOff.abort(), 20);
    await expect(take(true, callOff.signal)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('of a living holder is waited for, until that is called off', async () => {
    await take();
    const callOff = new AbortController();
    setTimeout(() => callOff.abort(), 20);
    await expect(take(true, callOff.signal)).rejects.toThrow(`given up while waiting for ${file}`);
  });
});
