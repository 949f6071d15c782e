import Fastify, { type InjectOptions } from 'fastify';
import { type Api, createApi } from '../../api/create-api.ts';
import type { ApiOptions } from '../../api/options.ts';
import type { Film, LiveModel, Position, Profile, Readiness } from '../../api/ports.ts';
import { createManualClock } from '../../core/clock.ts';
import type { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { noMetrics } from '../../core/metrics-port.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { recommenderDefaults } from '../../recommender/options.ts';
import { type ChangeEvent, createRecommender } from '../../recommender/recommender.ts';

export const NOW_MS = Date.UTC(2018, 8, 30, 14, 55, 20, 158);

export const FILMS: readonly Film[] = Array.from({ length: 60 }, (_, i) => ({
  movieId: i + 1,
  title: `Film ${i + 1}`,
  year: i === 0 ? null : 1950 + i,
  genres: i % 2 ? ['Drama', 'Crime'] : ['Comedy'],
  description: i % 3 ? '' : 'About something',
}));

export const DEFAULTS: ApiOptions = {
  version: '0.0.0',
  topN: 20,
  ratingsForAverage: 5,
  compat: 'none',
  newUsers: 'here',
  applyTimeoutMs: 1_000,
  maxBodyBytes: 10_000,
  apiKey: '',
  corsOrigins: [],
  requestsPerMinute: 0,
};

/** Events that the stand-in for Kafka took: the same id twice is learned once. */
export interface Written extends Omit<RatingEvent, 'eventId'> {
  readonly eventId: Uint8Array | undefined;
}

/** The API over a real model and a log in memory, with faults to switch on. */
export async function createWorld(options: Partial<ApiOptions> = {}, history: readonly ChangeEvent[] = []) {
  const clock = createManualClock(NOW_MS);
  const recommender = createRecommender(recommenderDefaults('sgd'));
  const profiles = new Map<number, Profile>();
  const deleted = new Set<number>();
  const log: Written[] = [];
  const ids = new Set<string>();
  const world = {
    readiness: 'yes' as Readiness,
    catalogVersion: 1,
    /** thrown by the next writes */
    failure: null as ReelstreamError | Error | null,
    /** false: acknowledged, and not learned */
    learns: true,
    asked: [] as Position[],
    /** what acknowledgements wait for, and how many do */
    acknowledged: Promise.resolve(),
    waiting: 0,
  };
  let highest = 0;
  const learn = (event: ChangeEvent) => {
    highest = Math.max(highest, event.userId);
    if (event.kind === 'USER_DELETED') deleted.add(event.userId);
    else deleted.delete(event.userId);
    recommender.apply(event);
  };
  history.forEach(learn);
  const model: LiveModel = {
    reader: recommender,
    asOf: () => ({
      modelVersion: recommender.version(),
      eventTimeMs: recommender.latestMs(),
      positions: new Map([[3, log.length]]),
    }),
    async reached(position) {
      world.asked.push(position);
      return world.learns && position.slot === 3 && position.offset < log.length;
    },
    readiness: () => world.readiness,
  };
  const api = await createApi(
    { ...DEFAULTS, ...options },
    {
      model,
      people: {
        profile: (userId) => profiles.get(userId) ?? null,
        isDeleted: (userId) => deleted.has(userId) && !profiles.has(userId),
        takeNextId: () => ++highest,
      },
      gateway: {
        async writeEvent(event, eventId) {
          world.waiting++;
          await world.acknowledged;
          world.waiting--;
          if (world.failure) throw world.failure;
          log.push({ ...event, eventId });
          const id = eventId && Buffer.from(eventId).toString('hex');
          if (world.learns && !(id && ids.has(id))) learn(event);
          if (id) ids.add(id);
          return { slot: 3, offset: log.length - 1 };
        },
        async writeProfile(userId, profile) {
          if (world.failure) throw world.failure;
          if (profile) profiles.set(userId, profile);
          else profiles.delete(userId);
        },
      },
      films: {
        get version() {
          return world.catalogVersion;
        },
        film: (movieId) => (world.catalogVersion > 0 ? (FILMS[movieId - 1] ?? null) : null),
      },
      clock,
      logger: silentLogger,
      metrics: noMetrics,
      page: (path) => (path === '/ui/' ? PAGE : null),
    },
  );
  return { world, api, log, recommender, clock, ...calls(api) };
}

const PAGE = {
  body: Buffer.from('<p>a page</p>'),
  headers: { 'Content-Type': 'text/html', ETag: '"1"', 'Content-Security-Policy': "default-src 'none'" },
};

export type World = Awaited<ReturnType<typeof createWorld>>;

type Headers = Readonly<Record<string, string>>;

function calls(api: Api) {
  const call = (method: InjectOptions['method'], path: string, body?: unknown, headers: Headers = {}) =>
    api.inject({
      method: method!,
      url: `/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    });
  return {
    get: (path: string, headers?: Headers) => call('GET', path, undefined, headers),
    put: (path: string, body?: unknown, headers?: Headers) => call('PUT', path, body, headers),
    remove: (path: string, body?: unknown, headers?: Headers) => call('DELETE', path, body, headers),
  };
}

/** Fifty users who rate in two camps, so that films have neighbours; films 1 to 4 have few ratings. */
export function someHistory(): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  for (let userId = 1; userId <= 50; userId++) {
    for (let i = 0; i < 12; i++) {
      const movieId = 5 + ((userId % 2) * 25 + ((userId * 7 + i * 3) % 25));
      const rating = 2 + ((userId + i) % 7) / 2;
      events.push({ kind: 'RATED', userId, movieId, rating, tsMs: NOW_MS - 1e9 + userId * 1e6 + i * 1_000 });
    }
  }
  return events;
}

export type Check = (value: unknown) => string | null;

/** Compiles JSON schemas with the validator that the API itself uses. */
export async function createSchemaChecks(): Promise<(schema: object) => Check> {
  const app = Fastify({
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
  });
  let compile: ((schema: object) => Check) | undefined;
  app.get('/', async (request) => {
    compile = (schema) => {
      const validate = request.compileValidationSchema(schema as Record<string, unknown>);
      return (value) => (validate(value) ? null : JSON.stringify(validate.errors));
    };
    return {};
  });
  await app.inject('/');
  return compile!;
}
