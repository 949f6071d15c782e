import { createHash } from 'node:crypto';
import { ReelstreamError } from '../../core/errors.ts';
import type { RemoteAnswer, RemoteObject, RemoteRequest } from './download.ts';

/** Answers that the same request may not get a minute later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An address without its secrets: of a query only a hash, which still tells two apart. */
export function httpLabel(address: string): string {
  const { origin, pathname, search } = new URL(address);
  if (search === '') return `${origin}${pathname}`;
  return `${origin}${pathname}?${createHash('sha256').update(search).digest('hex').slice(0, 8)}`;
}

/** A file on a web server; user and password may stand in the address. */
export function httpObject(address: string): RemoteObject {
  const url = new URL(address);
  const authorization = basicAuth(url);
  url.username = '';
  url.password = '';
  const label = httpLabel(address);
  return {
    label,
    async get(request) {
      const response = await fetch(url, {
        signal: request.signal,
        // bytes are counted and resumed: they must come as they lie on the server
        headers: { 'accept-encoding': 'identity', ...authorization, ...conditions(request) },
      });
      const answer = toAnswer(response, request);
      if (answer) return answer;
      await response.body?.cancel();
      throw refusal(label, response.status);
    },
  };
}

function basicAuth({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function conditions({ unlessRevision, resume }: RemoteRequest): Record<string, string> {
  if (resume) return { range: `bytes=${resume.fromByte}-`, 'if-range': validatorOf(resume.revision) };
  if (!unlessRevision) return {};
  const header = unlessRevision.startsWith('etag ') ? 'if-none-match' : 'if-modified-since';
  return { [header]: validatorOf(unlessRevision) };
}

function toAnswer(response: Response, request: RemoteRequest): RemoteAnswer | null {
  const { status, headers, body } = response;
  if (status === 304) return { kind: 'unchanged' };
  if ((status !== 200 && status !== 206) || !body) return null;
  const fromByte = status === 206 ? (request.resume?.fromByte ?? 0) : 0;
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 206 && Number(start) !== fromByte) return null;
  const length = headers.get('content-length');
  const wholeBytes = status === 206 ? Number(total) : length === null ? null : Number(length);
  return { kind: 'body', body, fromByte, totalBytes: wholeBytes, revision: revisionOf(headers) };
}

function revisionOf(headers: Headers): string | null {
  const etag = headers.get('etag');
  if (etag) return `etag ${etag}`;
  const modified = headers.get('last-modified');
  return modified ? `modified ${modified}` : null;
}

function validatorOf(revision: string): string {
  return revision.slice(revision.indexOf(' ') + 1);
}

function refusal(label: string, status: number): ReelstreamError {
  if (PASSING.has(status)) return new ReelstreamError('unavailable', `${label} answered ${status}`);
  return new ReelstreamError(
    'usage',
    `${label} answered ${status}: check the address and the right to read it`,
  );
}
