import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { download, type RemoteAnswer, type RemoteRequest } from '../../catalog/sources/download.ts';
import { httpLabel } from '../../catalog/sources/http.ts';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelstream-download-'));
const target = join(folder, 'object');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Answer = (request: RemoteRequest) => RemoteAnswer | Promise<RemoteAnswer>;

async function* pieces(texts: readonly string[], end?: () => Promise<never>) {
  for (const text of texts) yield Buffer.from(text);
  if (end) await end();
}
const broken = () => Promise.reject(new TypeError('terminated', { cause: new Error('other side closed') }));
const body = (
  texts: readonly string[],
  totalBytes: number,
  fromByte = 0,
  end?: () => Promise<never>,
): Answer => {
  return () => ({ kind: 'body', body: pieces(texts, end), fromByte, totalBytes, revision: 'etag "1"' });
};

async function run(
  answers: Answer[],
  options: { maxBytes?: number; stallTimeoutMs?: number; unlessRevision?: string } = {},
) {
  const requests: RemoteRequest[] = [];
  const clock = { ...systemClock, sleep: async () => {} };
  const remote = {
    label: 'http://host/x.zip',
    async get(request: RemoteRequest) {
      requests.push(request);
      return answers.shift()!(request);
    },
  };
  const outcome = await download(remote, target, {
    maxBytes: 1_000,
    clock,
    logger: silentLogger,
    ...options,
  }).catch((error: ReelstreamError) => error);
  return { outcome, requests };
}

describe('download', () => {
  it('goes on where a connection broke, of the same copy', async () => {
    const { outcome, requests } = await run([body(['abc', 'd'], 6, 0, broken), body(['ef'], 6, 4)]);
    expect(outcome).toEqual({ kind: 'file', revision: 'etag "1"' });
    expect(readFileSync(target, 'utf8')).toBe('abcdef');
    expect(requests[1]?.resume).toEqual({ fromByte: 4, revision: 'etag "1"' });
  });

  it('begins again when the server does', async () => {
    const { outcome } = await run([body(['abcd'], 6, 0, broken), body(['uvwxyz'], 6, 0)]);
    expect(outcome).toMatchObject({ kind: 'file' });
    expect(readFileSync(target, 'utf8')).toBe('uvwxyz');
  });

  it('begins again when the copy changed meanwhile', async () => {
    const changed = () => {
      throw new ReelstreamError('unavailable', 'changed meanwhile', { details: { changed: true } });
    };
    const { requests } = await run([body(['abcd'], 6, 0, broken), changed, body(['uvwxyz'], 6)]);
    expect(requests.map(({ resume }) => resume?.fromByte)).toEqual([undefined, 4, undefined]);
  });

  it('takes a body that ends early for a broken one, and gives up after four tries', async () => {
    const { outcome, requests } = await run(Array.from({ length: 4 }, () => body(['ab'], 6)));
    expect(requests).toHaveLength(4);
    expect(outcome).toMatchObject({
      code: 'unavailable',
      message:
        'http://host/x.zip could not be fetched after 2 of 6 bytes, 4 tries: the connection ended early; the catalogue in use stays',
    });
  });

  it('does not try again what the server refused', async () => {
    const refused = () => {
      throw new ReelstreamError('usage', 'answered 403');
    };
    const { outcome, requests } = await run([refused]);
    expect(requests).toHaveLength(1);
    expect(outcome).toMatchObject({ code: 'usage' });
  });

  it('stops at the budget, whatever size the server gave', async () => {
    const large = { maxBytes: 5 };
    expect((await run([body(['abcdef'], 6)], large)).outcome).toMatchObject({ code: 'bad_data' });
    const silent: Answer = () => ({
      kind: 'body',
      body: pieces(['abc', 'def']),
      fromByte: 0,
      totalBytes: null,
      revision: null,
    });
    expect((await run([silent], large)).outcome).toMatchObject({ code: 'bad_data' });
  });

  it('gives a server that sends nothing up', async () => {
    const hangs: Answer = ({ signal }) => ({
      kind: 'body',
      body: pieces(
        ['a'],
        () => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
      ),
      fromByte: 0,
      totalBytes: 6,
      revision: null,
    });
    const { outcome } = await run([hangs, hangs, hangs, hangs], { stallTimeoutMs: 10 });
    expect(outcome).toMatchObject({ message: expect.stringContaining('nothing came for 0.01 s') });
  });

  it('fetches nothing while the copy is the known one', async () => {
    const { outcome, requests } = await run([() => ({ kind: 'unchanged' })], { unlessRevision: 'etag "1"' });
    expect(outcome).toEqual({ kind: 'unchanged' });
    expect(requests[0]?.unlessRevision).toBe('etag "1"');
  });
});

describe('httpLabel', () => {
  it('tells addresses apart without showing what is secret in them', () => {
    expect(httpLabel('https://user:secret@host/a/b.zip')).toBe('https://host/a/b.zip');
    const [one, other] = ['https://host/x.csv?id=A&key=s3cr3t', 'https://host/x.csv?id=B&key=s3cr3t'].map(
      httpLabel,
    );
    expect(one).not.toBe(other);
    expect(`${one}${other}`).not.toContain('s3cr3t');
  });
});
