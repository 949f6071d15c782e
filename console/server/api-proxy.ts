import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from './problem.ts';

export const API_PREFIX = '/api/v1/';

const ID = '[1-9]\\d{0,9}';
/** What the recommendation page asks, and nothing else. */
const CALLS: readonly (readonly [method: string, path: RegExp])[] = [
  ['GET', new RegExp(`^user/${ID}$`)],
  ['GET', new RegExp(`^user/${ID}/(ratings/latest|ratings/top|recommendations|predictions)$`)],
  ['PUT', new RegExp(`^user/${ID}/(rating|watched)$`)],
  ['DELETE', new RegExp(`^user/${ID}/(rating|watched)$`)],
  ['GET', new RegExp(`^movie/${ID}(/similar)?$`)],
  ['GET', /^movies\/top$/],
];

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 10_000;
const SENT_HEADERS = ['content-type', 'authorization', 'x-api-key', 'if-none-match', 'reelstream-position'];
const GIVEN_HEADERS = ['content-type', 'etag', 'link', 'retry-after', 'reelstream-position'];

/** Hands a call of the recommendation page to the REST API. @throws Problem */
export async function proxyToApi(
  baseUrl: string,
  path: string,
  search: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rest = path.slice(API_PREFIX.length);
  const method = request.method ?? 'GET';
  const isWrite = method !== 'GET';
  if (!CALLS.some(([allowed, pattern]) => allowed === method && pattern.test(rest)))
    throw new Problem(404, 'the console does not hand this call on; ask the API itself');
  // no simple request of a foreign page has this type
  if (isWrite && !/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new Problem(415, 'send Content-Type: application/json', 'Content-Type');
  const body = isWrite ? await bodyOf(request) : null;
  const headers = SENT_HEADERS.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  let answer: Response;
  let bytes: Buffer;
  try {
    answer = await fetch(`${baseUrl}${API_PREFIX}${rest}${search}`, {
      method,
      headers: Object.fromEntries(headers),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
      ...(body === null ? {} : { body }),
    });
    bytes = Buffer.from(await answer.arrayBuffer());
  } catch {
    throw new Problem(503, `the recommender does not answer (${baseUrl})`);
  }
  for (const name of GIVEN_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(answer.status).end(bytes);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_BODY_BYTES) throw new Problem(413, 'the body is too long');
  }
  return text;
}
