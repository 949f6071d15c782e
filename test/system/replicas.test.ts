import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { openSharedPipeline, type SharedPipeline } from '../helpers/pipeline.ts';
import { type RunningService, startService } from '../helpers/program.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let pipeline: SharedPipeline;
let urls: readonly [string, string];
let instances: RunningService[] = [];

beforeAll(async () => {
  pipeline = await openSharedPipeline({ REELSTREAM_API_FIRST_USER_ID: '9001' });
  const ports = await findFreePorts(2);
  urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];
  const start = (instance: 0 | 1) =>
    startService(
      ['recommender'],
      {
        ...pipeline.environment,
        REELSTREAM_RECOMMENDER_INSTANCE: String(instance),
        REELSTREAM_RECOMMENDER_PORT: String(ports[instance]),
        REELSTREAM_API_PRIMARY_URL: instance === 0 ? '' : urls[0],
      },
      `${urls[instance]}/readyz`,
    );
  instances = await Promise.all([start(0), start(1)]);
}, 120_000);

afterAll(async () => {
  for (const { code, stdout } of await Promise.all(instances.map((one) => one.stop()))) {
    expect(code, stdout).toBe(0);
  }
  await pipeline?.remove();
}, 60_000);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function call(
  instance: 0 | 1,
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  position?: string,
): Promise<Answer> {
  const answer = await fetch(`${urls[instance]}/api/v1${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(position !== undefined && { 'reelstream-position': position }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : {} };
}

const moviesOf = ({ body }: Answer, list: 'ratings' | 'recommendations') =>
  (body[list] as { movie_id?: number; movie?: { movie_id: number } }[]).map(
    ({ movie_id: own, movie }) => own ?? movie?.movie_id,
  );

describe('two recommenders over one log', () => {
  it('shows at each what was written at the other, to whoever brings the position along', async () => {
    const { body: user, status } = await call(0, 'PUT', '/user', { gender: 'F', year_of_birth: 1990 });
    expect([status, user.user_id]).toEqual([200, 9001]);
    const path = `/user/${user.user_id}`;
    await waitUntil('instance 1 has read the profile', 10_000, async () => {
      return (await call(1, 'GET', path)).body.gender === 'F';
    });
    const films = [318, 356, 296, 593, 2571, 260];
    for (const [n, movieId] of films.entries()) {
      const writer = (n % 2) as 0 | 1;
      const reader = (1 - writer) as 0 | 1;
      const written = await call(writer, 'PUT', `${path}/rating`, { movie_id: movieId, rating: 4 });
      expect(written.status).toBe(200);
      const position = written.headers.get('reelstream-position')!;
      expect(position).toMatch(/^\d+:\d+$/);
      const read = await call(reader, 'GET', `${path}/ratings/latest`, undefined, position);
      expect(moviesOf(read, 'ratings')).toEqual(films.slice(0, n + 1).reverse());
      const list = await call(reader, 'GET', `${path}/recommendations`, undefined, position);
      expect(moviesOf(list, 'recommendations')).not.toContain(movieId);
    }
  });

  it('answers as of what it knows when the position does not come within a second', async () => {
    const { headers } = await call(1, 'GET', '/movies/top');
    const [slot, offset] = headers.get('reelstream-as-of')!.split(',')[0]!.split(':');
    const startedMs = performance.now();
    const answer = await call(1, 'GET', '/movies/top', undefined, `${slot}:${Number(offset) + 1_000}`);
    const tookMs = performance.now() - startedMs;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('reelstream-as-of')).toContain(`${slot}:${offset}`);
    expect(tookMs).toBeGreaterThan(900);
  });

  it('makes users at instance 0 alone: the other sends callers there', async () => {
    const sent = await call(1, 'PUT', '/user', { gender: 'M' });
    expect([sent.status, sent.headers.get('location')]).toEqual([307, `${urls[0]}/api/v1/user`]);
    const followed = await fetch(`${urls[1]}/api/v1/user`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ gender: 'M' }),
    });
    expect(await followed.json()).toEqual({ gender: 'M', user_id: 9002, year_of_birth: null });
  });

  it('forgets at both who was deleted at one', async () => {
    const deleted = await call(1, 'DELETE', '/user/9001');
    expect(deleted.status).toBe(200);
    expect(deleted.body.note).toMatch(/until their retention/);
    const position = deleted.headers.get('reelstream-position')!;
    await waitUntil('instance 0 has read the tombstone', 10_000, async () => {
      return (await call(0, 'GET', '/user/9001', undefined, position)).status === 404;
    });
    expect((await call(0, 'GET', '/user/9001/recommendations')).status).toBe(404);
    expect((await call(1, 'GET', '/user/9001/recommendations')).status).toBe(404);
  });
});
