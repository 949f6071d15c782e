import { describe, expect, it, vi } from 'vitest';
import { ReelstreamError } from '../../core/errors.ts';
import { createWorld, someHistory, type World } from './in-memory.ts';

const RATING = { movie_id: 2, rating: 3 };

describe('errors', () => {
  it('names the field of a value that is wrong', async () => {
    const { get, put } = await createWorld({}, someHistory());
    const faults = [
      [await get('/user/abc'), 'user_id'],
      [await get('/user/0'), 'user_id'],
      [await get('/user/1.5'), 'user_id'],
      [await get('/user/2147483648'), 'user_id'],
      [await get('/user/1/recommendations?limit=0'), 'limit'],
      [await get('/user/1/recommendations?limit=1001'), 'limit'],
      [await get('/user/1/recommendations?limit=1&limit=2'), 'limit'],
      [await get('/movies/top?offset=-1'), 'offset'],
      [await get('/user/1/predictions'), 'movie_ids'],
      [await get('/user/1/predictions?movie_ids=1,x'), 'movie_ids'],
      [await get('/user/1/predictions?movie_ids=9999999999'), 'movie_ids'],
      [await get('/user/1', { 'reelstream-position': 'x' }), 'reelstream-position'],
      [await put('/user/1/rating', { movie_id: 2 }), 'rating'],
      [await put('/user/1/rating', { ...RATING, stars: 1 }), 'stars'],
      [await put('/user', { gender: 7 }), 'gender'],
      [await put('/user', { year_of_birth: 1066 }), 'year_of_birth'],
      [await put('/user/1/watched'), 'body'],
    ] as const;
    for (const [answer, field] of faults) {
      expect([answer.statusCode, answer.json().field]).toEqual([400, field]);
    }
  });

  it('answers 503 with Retry-After while Kafka is away, before it caught up and without a catalogue', async () => {
    const { world, get, put } = await createWorld({}, someHistory());
    for (const code of ['unavailable', 'timeout', 'kafka', 'registry'] as const) {
      world.failure = new ReelstreamError(code, 'broker 10.0.0.7 said no');
      const answer = await put('/user/1/rating', RATING);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.body).not.toMatch(/10\.0\.0\.7/);
    }
    world.failure = null;
    world.catalogVersion = 0;
    expect((await get('/movie/1')).statusCode).toBe(503);
    expect((await get('/movie/10')).json()).toMatchObject({ movie_id: 10, title: null });
    world.readiness = 'no';
    expect((await get('/user/1')).statusCode).toBe(503);
  });

  it('answers reads of what it knew while it catches up, and says neither no to a stranger nor yes to a write', async () => {
    const { world, api, log, get, put, remove } = await createWorld({}, someHistory());
    world.readiness = 'behind';
    for (const path of [
      '/user/1',
      '/user/1/recommendations',
      '/user/1/ratings/top',
      '/movie/10',
      '/movies/top',
    ]) {
      expect((await get(path)).statusCode).toBe(200);
      const head = await api.inject({ method: 'HEAD', url: `/api/v1${path}` });
      expect([head.statusCode, head.body]).toEqual([200, '']);
    }
    const held = [
      await get('/user/999'),
      await get('/user/999/recommendations'),
      await get('/movie/999'),
      await put('/user/1/rating', RATING),
      await put('/user', {}),
      await remove('/user/1'),
    ];
    expect(held.map(({ statusCode, headers }) => [statusCode, headers['retry-after']])).toEqual(
      held.map(() => [503, '1']),
    );
    expect(log).toHaveLength(0);
    world.readiness = 'yes';
    expect((await get('/user/999')).statusCode).toBe(404);
    expect((await put('/user/1/rating', RATING)).statusCode).toBe(200);
  });

  it('says nothing of what it did not expect', async () => {
    const { world, put } = await createWorld({}, someHistory());
    world.failure = new TypeError('secret is undefined');
    const answer = await put('/user/1/rating', RATING);
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toMatch(/secret|TypeError|\.ts/);
  });

  it('refuses what is too large, packed, no JSON, or of another type', async () => {
    const { api, put } = await createWorld({ maxBodyBytes: 1_000 }, someHistory());
    expect((await put('/user', { gender: 'x'.repeat(1_000) })).statusCode).toBe(413);
    expect((await put('/user', RATING, { 'content-encoding': 'gzip' })).statusCode).toBe(415);
    const sent = (payload: string, type: string) =>
      api.inject({ method: 'PUT', url: '/api/v1/user', payload, headers: { 'content-type': type } });
    expect((await sent('{}', 'text/plain')).statusCode).toBe(415);
    expect((await sent('{"gender":', 'application/json')).statusCode).toBe(400);
    expect((await sent('{"__proto__": {}}', 'application/json')).statusCode).toBe(400);
    const path = await api.inject({ method: 'GET', url: '/api/v1/user/%zz' });
    expect([path.statusCode, path.headers['content-type']]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
  });
});

describe('positions', () => {
  it('names the position of a write, and says when it was not learned in time', async () => {
    const { world, put } = await createWorld({}, someHistory());
    expect((await put('/user/1/rating', RATING)).headers['reelstream-position']).toBe('3:0');
    world.learns = false;
    const late = await put('/user/1/rating', RATING);
    expect([late.statusCode, late.headers['reelstream-position'], late.headers['retry-after']]).toEqual([
      503,
      '3:1',
      '1',
    ]);
  });

  it('waits for what the caller has seen elsewhere, then answers as things are', async () => {
    const { world, get, put } = await createWorld({}, someHistory());
    await put('/user/1/rating', RATING);
    world.asked.length = 0;
    const answer = await get('/user/1/recommendations', { 'reelstream-position': '3:0, 4:17' });
    expect(world.asked).toEqual([
      { slot: 3, offset: 0 },
      { slot: 4, offset: 17 },
    ]);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['reelstream-as-of']).toBe('3:0');
  });
});

describe('idempotency', () => {
  const key = { 'idempotency-key': 'k1' };

  it('gives a repeated call the first answer and writes once, also side by side', async () => {
    const { log, clock, put } = await createWorld({}, someHistory());
    const [first, twin] = await Promise.all([
      put('/user/1/rating', RATING, key),
      put('/user/1/rating', RATING, key),
    ]);
    await clock.advance(1_000);
    const again = await put('/user/1/rating', RATING, key);
    expect(log).toHaveLength(1);
    for (const answer of [twin, again]) {
      expect(answer.json()).toEqual(first.json());
      expect(answer.headers['reelstream-position']).toBe('3:0');
      expect(answer.headers['idempotency-replayed']).toBe('true');
    }
    const users = await Promise.all([put('/user', {}, key), put('/user', {}, key)]);
    expect(users[0]!.json()).toEqual(users[1]!.json());
  });

  it('refuses a key that stands for other contents', async () => {
    const { log, put } = await createWorld({}, someHistory());
    await put('/user/1/rating', RATING, key);
    const other = await put('/user/1/rating', { ...RATING, rating: 1 }, key);
    expect([other.statusCode, other.json().field]).toEqual([409, 'idempotency-key']);
    expect((await put('/user/2/rating', { ...RATING, rating: 1 }, key)).statusCode).toBe(200);
    expect(log).toHaveLength(2);
  });

  it('keeps no failure, and a repetition has the id of the first: a duplicate in the log', async () => {
    const { world, log, recommender, put } = await createWorld({}, someHistory());
    world.learns = false;
    expect((await put('/user/1/rating', RATING, key)).statusCode).toBe(503);
    world.learns = true;
    expect((await put('/user/1/rating', RATING, key)).statusCode).toBe(200);
    expect(log[0]!.eventId).toEqual(log[1]!.eventId);
    expect(log[0]!.eventId).toHaveLength(16);
    const version = recommender.version();
    const restarted = await createWorld({}, someHistory());
    await restarted.put('/user/1/rating', RATING, key);
    expect(restarted.log[0]!.eventId).toEqual(log[0]!.eventId);
    await restarted.put('/user/2/rating', RATING, key);
    await restarted.put('/user/1/watched', { movie_id: 2 }, key);
    expect(new Set(restarted.log.map(({ eventId }) => Buffer.from(eventId!).toString('hex'))).size).toBe(3);
    expect(recommender.version()).toBe(version);
    await put('/user/1/rating', RATING);
    expect(log.at(-1)!.eventId).toBeUndefined();
  });
});

describe('conditional reads', () => {
  const tagOf = async (w: World, path: string) => (await w.get(path)).headers.etag as string;
  const again = (w: World, path: string, tag: string) => w.get(path, { 'if-none-match': `"other", ${tag}` });

  it('answers 304 until something changed', async () => {
    const w = await createWorld({}, someHistory());
    let stars = 0;
    for (const path of [
      '/user/1/recommendations',
      '/user/1/predictions?movie_ids=10',
      '/movie/10/similar',
      '/user/1/ratings/top',
      '/user/1/ratings/latest',
      '/movies/top',
    ]) {
      const tag = await tagOf(w, path);
      expect(tag).toMatch(/^W\/"/);
      const same = await again(w, path, tag);
      expect([path, same.statusCode, same.body]).toEqual([path, 304, '']);
      stars += 0.5;
      await w.put('/user/1/rating', { movie_id: 12, rating: stars });
      expect([path, (await again(w, path, tag)).statusCode]).toEqual([path, 200]);
    }
    expect((await w.get('/user/9999', { 'if-none-match': '*' })).statusCode).toBe(404);
  });

  it('lets what others write pass, where the answer stays', async () => {
    const w = await createWorld({}, someHistory());
    const paths = ['/user/1', '/user/1/ratings/top', '/user/1/ratings/latest', '/movie/12'];
    const tags = await Promise.all(paths.map((path) => tagOf(w, path)));
    await w.put('/user/2/rating', { movie_id: 12, rating: 1 });
    w.world.catalogVersion = 2;
    for (const [n, path] of paths.entries()) {
      expect([path, (await again(w, path, tags[n]!)).statusCode]).toEqual([path, 304]);
    }
    const list = await tagOf(w, '/user/1/recommendations');
    w.world.catalogVersion = 3;
    expect((await again(w, '/user/1/recommendations', list)).statusCode).toBe(200);
  });
});

describe('access', () => {
  it('asks for the key where one is set, and not for what says how the service is', async () => {
    const { api, get } = await createWorld({ apiKey: 'open sesame' }, someHistory());
    expect((await get('/user/1')).statusCode).toBe(401);
    expect((await get('/user/1', { 'x-api-key': 'wrong' })).statusCode).toBe(401);
    expect((await get('/user/1', { 'x-api-key': 'open sesame' })).statusCode).toBe(200);
    expect((await get('/user/1', { authorization: 'Bearer open sesame' })).statusCode).toBe(200);
    expect((await api.inject('/openapi.json')).json().security).toEqual([{ key: [] }]);
  });

  it('limits a client that calls too often', async () => {
    const { get } = await createWorld({ requestsPerMinute: 3 }, someHistory());
    for (let i = 0; i < 3; i++) expect((await get('/user/1')).statusCode).toBe(200);
    const refused = await get('/user/1');
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['content-type']).toMatch(/problem\+json/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('lets browsers of named origins call, by default none', async () => {
    const origin = 'http://site.example';
    const closed = await createWorld({}, someHistory());
    expect((await closed.get('/user/1', { origin })).headers['access-control-allow-origin']).toBeUndefined();
    const open = await createWorld({ corsOrigins: [origin] }, someHistory());
    expect((await open.get('/user/1', { origin })).headers['access-control-allow-origin']).toBe(origin);
    const asked = await open.api.inject({
      method: 'OPTIONS',
      url: '/api/v1/user/1/rating',
      headers: { origin, 'access-control-request-method': 'PUT' },
    });
    expect(asked.statusCode).toBe(204);
    expect(asked.headers['access-control-allow-methods']).toMatch(/PUT/);
  });

  it('sends those who want a new user to where ids are given out', async () => {
    const { put } = await createWorld({ newUsers: { primaryUrl: 'http://first.example:8000' } });
    for (const headers of [{}, { 'idempotency-key': 'k' }, { 'idempotency-key': 'k' }]) {
      const answer = await put('/user', { gender: 'F' }, headers as Record<string, string>);
      expect([answer.statusCode, answer.headers.location]).toEqual([
        307,
        'http://first.example:8000/api/v1/user',
      ]);
    }
    const lost = await createWorld({ newUsers: { primaryUrl: null } });
    expect((await lost.put('/user', {})).statusCode).toBe(503);
  });
});

describe('stopping', () => {
  it('lets what is in hand finish, and sends later requests elsewhere', async () => {
    const { api, world, get, put } = await createWorld({}, someHistory());
    let acknowledge = () => {};
    world.acknowledged = new Promise((resolve) => {
      acknowledge = resolve;
    });
    const written = put('/user/1/rating', RATING);
    await vi.waitUntil(() => world.waiting === 1);
    let isClosed = false;
    const closed = api.close(60_000).then(() => {
      isClosed = true;
    });
    expect((await get('/user/1')).statusCode).toBe(503);
    expect(isClosed).toBe(false);
    acknowledge();
    expect((await written).statusCode).toBe(200);
    await closed;
  });
});
