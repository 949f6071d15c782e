import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { type Chance, createChance } from '../../core/chance.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { projectRoot } from '../../runtime/environment.ts';
import { createWorld, someHistory } from './in-memory.ts';

const REQUESTS = process.env.REELSTREAM_TEST_FULL === '1' ? 20_000 : 3_000;
const AWAY_EVERY = 10;

const METHODS = [
  'GET',
  'GET',
  'GET',
  'PUT',
  'PUT',
  'PUT',
  'DELETE',
  'POST',
  'PATCH',
  'HEAD',
  'OPTIONS',
] as const;
const PATHS = [
  '/user',
  '/user/ID',
  '/user/ID/rating',
  '/user/ID/rating?movie_id=ID',
  '/user/ID/watched',
  '/user/ID/watched?movie_id=ID',
  '/user/ID/ratings/top?limit=ID&offset=ID',
  '/user/ID/ratings/latest?limit=ID',
  '/user/ID/recommendations?limit=ID',
  '/user/ID/predictions?movie_ids=ID,ID',
  '/movie/ID',
  '/movie/ID/similar?limit=ID',
  '/movies/top?limit=ID&offset=ID&limit=ID',
  '/ID/ID',
  '',
];
const WORDS = [
  '1', '2', '7', '40', '50', '20', '0', '-1', '-0', '1.5', '1e3', '0x10', '007', ' 5', '999', '2147483647', '2147483648',
  '9007199254740993', 'NaN', 'Infinity', 'null', 'true', '', '%00', '%2e%2e', '%ff', '%zz', '..', '__proto__', 'constructor',
  'toString', "1'--", '<b>', '🎬', '\u202e', 'ä', '*', '1,2', ',', '%252f', 'x'.repeat(300), '9'.repeat(120),
]; // biome-ignore format: one word after the other
const VALUES: readonly unknown[] = [
  1, 2, 7, 3.5, 3.8, 5, 0, -1, 5.5, 1e308, 2 ** 31, 2 ** 53, '1', '3.5', '', 'x', '\u0000', '🎬', null, true, false, [], [1], {},
  { $gt: 0 }, 'M', 1982, '1982', 'y'.repeat(50),
]; // biome-ignore format: one value after the other
const NAMES = [
  'movie_id',
  'rating',
  'gender',
  'year_of_birth',
  'user_id',
  'constructor',
  'toString',
  'length',
  '',
];
const TYPES = [
  'application/json', 'application/json', 'application/json', 'application/json; charset=utf-16', 'text/plain',
  'application/x-www-form-urlencoded', 'multipart/form-data', 'application/', ';', '',
]; // biome-ignore format: one type after the other
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  [
    'reelstream-position',
    ['3:0', '3:1,4:2', '3:99999999', '3', 'a:b', ':', '3:-1', '99999:1', '9'.repeat(400)],
  ],
  ['idempotency-key', ['a', 'b', 'c', '', ' ', 'k'.repeat(256), '\u00e9', '{}']],
  ['if-none-match', ['*', '"x"', 'W/"1"', ',,,', '"']],
  ['content-encoding', ['gzip', 'identity', 'br', '']],
  ['content-length', ['0', '5', '999999999', '-1', 'x']],
  ['accept', ['text/html', '*/*', 'nonsense']],
  ['origin', ['http://a.example', 'null']],
  ['transfer-encoding', ['chunked']],
  ['expect', ['100-continue']],
];

/** What a client means to send: sometimes twice under one key, sometimes with other contents. */
function sensibleRequest(chance: Chance, n: number): InjectOptions {
  const payload = { movie_id: 1 + chance.below(n, 60, 1), rating: chance.below(n, 11, 2) / 2 };
  const headers = chance.below(n, 2, 3) ? { 'idempotency-key': `key-${chance.below(n, 3, 4)}` } : {};
  return { method: 'PUT', url: `/api/v1/user/${1 + chance.below(n, 9, 5)}/rating`, payload, headers };
}

/** Request n, the same in every run. */
function requestOf(chance: Chance, n: number): InjectOptions {
  return chance.below(n, 6) === 0 ? sensibleRequest(chance, n) : oddRequest(chance, n);
}

function oddRequest(chance: Chance, n: number): InjectOptions {
  let draw = 10;
  const below = (bound: number) => chance.below(n, bound, draw++);
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const url = `${below(40) === 0 ? '' : '/api/v1'}${oneOf(PATHS)}`.replaceAll('ID', () =>
    below(2) ? String(1 + below(60)) : oneOf(WORDS),
  );
  const headers: Record<string, string> = {};
  for (const [name, values] of HEADERS) if (below(12) === 0) headers[name] = oneOf(values);
  const request: InjectOptions = { method: oneOf(METHODS), url: url || '/', headers };
  if (below(3) === 0) return request;
  headers['content-type'] = oneOf(TYPES);
  const likely = { movie_id: 1 + below(60), rating: below(11) / 2 };
  const odd = Object.fromEntries(Array.from({ length: below(4) }, () => [oneOf(NAMES), oneOf(VALUES)]));
  const text = JSON.stringify(oneOf([likely, likely, odd, { ...likely, ...odd }, oneOf(VALUES)]));
  const payloads = [
    () => text,
    () => text,
    () => text,
    () => text.slice(0, below(text.length + 1)),
    () => `\ufeff${text}`,
    () => text.replace('{', '{"__proto__":{"rating":1},'),
    () => '['.repeat(5_000),
    () => JSON.stringify({ gender: 'z'.repeat(20_000) }),
    () => Buffer.from(Array.from({ length: below(64) }, () => below(256))),
    () => Buffer.from(text, 'utf16le'),
  ];
  return { ...request, payload: oneOf(payloads)() };
}

describe('any request', () => {
  it(`is answered as documented (${REQUESTS})`, { timeout: 120_000 }, async () => {
    const { api, world, recommender } = await createWorld({}, someHistory());
    const chance = createChance(20, 'requests');
    const seen = new Map<number, number>();
    for (let n = 0; n < REQUESTS; n++) {
      const isAway = n % AWAY_EVERY === 0;
      world.failure = isAway ? new ReelstreamError('unavailable', 'broker at 127.0.0.1:9092 is away') : null;
      const request = requestOf(chance, n);
      const answer = await api.inject(request);
      const { statusCode, body } = answer;
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1);
      const told = `${n} ${request.method} ${JSON.stringify(request.url).slice(0, 120)} ${statusCode} ${body.slice(0, 300)}`;
      expect(statusCode < 500 || (statusCode === 503 && isAway), told).toBe(true);
      expect(body, told).not.toContain(projectRoot);
      expect(body, told).not.toMatch(/node_modules|\bat \w+ \(|\.ts:|TypeError|FST_|rdkafka|9092/);
      if (statusCode < 400 || request.method === 'HEAD') continue;
      expect(answer.headers['content-type'], told).toMatch(/^application\/problem\+json/);
      expect(answer.json().status, told).toBe(statusCode);
    }
    // the requests reach every kind of answer, and the model is whole
    for (const code of [200, 304, 400, 404, 409, 413, 415, 503]) expect([...seen.keys()]).toContain(code);
    expect(Number.isFinite(recommender.predict(1, 10))).toBe(true);
    expect(({} as Record<string, unknown>).rating).toBeUndefined();
  });
});
