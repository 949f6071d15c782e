import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, createManualClock } from '../../core/clock.ts';
import { RATING_EVENT, RATINGS_SUBJECT, USER_PROFILE } from '../../schemas/contracts.ts';
import { createRatingDecoder, createRatingEncoder } from '../../schemas/rating-codec.ts';
import { createRegistry, type RegistryOptions } from '../../schemas/registry.ts';
import { type Door, openDoor } from '../helpers/frozen-door.ts';
import { sharedRegistry } from '../helpers/shared.ts';
import { RATING_EVENT_V1 } from './golden.ts';

/** Counts look-ups by outcome. */
function countOutcomes() {
  const outcomes: string[] = [];
  const metrics = {
    add: (_: string, { outcome }: Record<string, unknown>) => void outcomes.push(String(outcome)),
    set() {},
    observe() {},
  };
  return { outcomes, metrics };
}

/** A clock whose sleeps end at once and move time forward: thirty seconds pass in no time. */
function hastyClock(): Clock & { readonly sleptMs: number[] } {
  const clock = createManualClock();
  const sleptMs: number[] = [];
  return {
    ...clock,
    sleptMs,
    async sleep(ms) {
      sleptMs.push(ms);
      await clock.advance(ms);
    },
  };
}

function open(url: string, options: Partial<RegistryOptions> = {}) {
  return createRegistry({ url, witnessSubject: RATINGS_SUBJECT, requestTimeoutMs: 2_000, ...options });
}

describe('a real registry', () => {
  let server: Door;
  beforeAll(async () => {
    server = await openDoor(await sharedRegistry());
  });
  afterAll(() => server?.shut());

  it('registers, looks up once, tells missing ids from an outage', async () => {
    const { outcomes, metrics } = countOutcomes();
    const clock = hastyClock();
    const registry = open(server.url, { metrics, clock });
    const ratingsId = await registry.register(RATING_EVENT);
    const usersId = await registry.register(USER_PROFILE);
    expect(await registry.register(RATING_EVENT)).toBe(ratingsId);
    expect(usersId).not.toBe(ratingsId);

    const text = await registry.schemaOf(ratingsId);
    expect(JSON.parse(text!)).toEqual(JSON.parse(RATING_EVENT.schema));
    const decoder = createRatingDecoder();
    expect(decoder.learn(ratingsId, text!)).toBe(true);
    expect(decoder.decode(createRatingEncoder(ratingsId)(RATING_EVENT_V1.event)).event).toEqual(
      RATING_EVENT_V1.event,
    );
    await registry.schemaOf(ratingsId);
    expect(outcomes).toEqual(['ok']);

    expect(await Promise.all([registry.schemaOf(2 ** 31 - 1), registry.schemaOf(2 ** 31 - 1)])).toEqual([
      null,
      null,
    ]);
    expect(clock.sleptMs).toEqual([30_000]);
    expect(await registry.schemaOf(2 ** 31 - 1)).toBeNull();
    expect(await registry.schemaOf(0)).toBeNull();
    expect(await registry.schemaOf(-5)).toBeNull();
    expect(outcomes).toEqual(['ok', 'not_found', 'not_found']);
  });

  it('refuses a version that breaks the contract', async () => {
    const registry = open(server.url);
    await registry.register(RATING_EVENT);
    const broken = RATING_EVENT.schema.replace('"user_id", "type": "int"', '"user_id", "type": "string"');
    await expect(registry.register({ subject: RATINGS_SUBJECT, schema: broken })).rejects.toMatchObject({
      code: 'registry',
      retryable: false,
    });
  });

  it('does not believe a 404 of a wrong address, nor of a registry that knows nothing of us', async () => {
    const elsewhere = open(server.url.replace('/apis/ccompat/v7', '/nowhere'));
    await expect(elsewhere.schemaOf(4_711)).rejects.toMatchObject({ code: 'unavailable' });
    const emptied = open(server.url, { witnessSubject: 'never-registered' });
    await expect(emptied.schemaOf(4_711)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('takes a registry that is away for an outage, and still knows what it knew', async () => {
    const { outcomes, metrics } = countOutcomes();
    const registry = open(server.url, { metrics, clock: hastyClock() });
    const id = await registry.register(RATING_EVENT);
    const text = await registry.schemaOf(id);
    await server.shut();
    await expect(registry.schemaOf(4_711)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(registry.register(RATING_EVENT)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await registry.schemaOf(id)).toBe(text);
    expect(outcomes).toEqual(['ok', 'unavailable']);
  });
});

describe('a registry that misbehaves', () => {
  let server: Server | null = null;
  const serve = async (answer: (path: string, response: ServerResponse) => void): Promise<string> => {
    const started = createServer((request, response) => answer(request.url ?? '', response));
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const reply = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  it.each([401, 403, 429, 500, 503])('takes %i for an outage', async (status) => {
    const url = await serve((_, response) => reply(response, status, { error_code: status, message: 'no' }));
    await expect(open(url).schemaOf(1)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('gives up on an answer that never comes, and on one that stops in the middle, and asks again', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      if (requests === 1) return;
      if (requests === 2) return void response.writeHead(200).write('{"schema":');
      reply(response, 200, { schema: '"int"' });
    });
    const registry = open(url, { requestTimeoutMs: 300 });
    await expect(registry.schemaOf(1)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(registry.schemaOf(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await registry.schemaOf(1)).toBe('"int"');
  });

  it('believes a registration that arrives between the two questions', async () => {
    let registered = false;
    const url = await serve((path, response) => {
      if (path.startsWith('/subjects/')) return reply(response, 200, { id: 1 });
      if (registered) return reply(response, 200, { schema: '"int"' });
      reply(response, 404, { error_code: 40403, message: 'Schema not found' });
    });
    const clock = createManualClock();
    const asked = open(url, {
      clock: {
        ...clock,
        async sleep(ms) {
          registered = true;
          await clock.advance(ms);
        },
      },
    }).schemaOf(12);
    expect(await asked).toBe('"int"');
  });

  it('remembers across a call that was called off when the id was first missing', async () => {
    const url = await serve((path, response) =>
      path.startsWith('/subjects/')
        ? reply(response, 200, { id: 1 })
        : reply(response, 404, { message: 'x' }),
    );
    const clock = createManualClock();
    const registry = open(url, { clock });
    await expect(registry.schemaOf(12, AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
    await clock.advance(30_000);
    expect(await registry.schemaOf(12)).toBeNull();
  });

  it.each([
    ['registers when another has just set the compatibility', true, 7],
    ['is refused where the compatibility is neither set nor taken', false, null],
  ])('%s', async (_, isSetNow, expected) => {
    let puts = 0;
    const url = await serve((path, response) => {
      if (path.startsWith('/subjects/')) return reply(response, 200, { id: 7 });
      if (response.req.method === 'PUT') {
        puts++;
        return reply(response, 409, { error_code: 409, message: 'A rule already exists.' });
      }
      if (isSetNow && puts > 0) return reply(response, 200, { compatibilityLevel: 'FULL_TRANSITIVE' });
      reply(response, 404, { error_code: 40408, message: 'none' });
    });
    const registered = open(url).register(RATING_EVENT);
    if (expected === null) await expect(registered).rejects.toMatchObject({ code: 'registry' });
    else expect(await registered).toBe(expected);
    expect(puts).toBe(isSetNow ? 1 : 2);
  });

  it('hands out the text of schemas that are not Avro, for the decoder to refuse', async () => {
    const url = await serve((_, response) =>
      reply(response, 200, { schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' }),
    );
    expect(await open(url).schemaOf(3)).toBe('syntax = "proto3";');
  });

  it('sends the name and password it was given', async () => {
    let header: string | undefined;
    const started = createServer((request, response) => {
      header = request.headers.authorization;
      reply(response, 200, { schema: '"int"' });
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
    await open(url, { username: 'reel', password: 'stream' }).schemaOf(1);
    expect(header).toBe(`Basic ${Buffer.from('reel:stream').toString('base64')}`);
  });
});
