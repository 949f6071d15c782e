import { createHash, timingSafeEqual } from 'node:crypto';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiOptions } from '../options.ts';
import { KEY_HEADER } from './idempotency.ts';
import { AS_OF_HEADER, POSITION_HEADER } from './position.ts';
import { Problem } from './problem.ts';

/** Clients whose calls are counted; the one not seen for longest goes first. */
const MAX_COUNTED_CLIENTS = 50_000;

/** Browsers of the origins that are named may call, and read what answers carry in headers. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'PUT', 'DELETE'],
    allowedHeaders: [
      'Content-Type',
      'Authorization',
      'X-API-Key',
      'If-None-Match',
      KEY_HEADER,
      POSITION_HEADER,
    ],
    exposedHeaders: [
      'ETag',
      'Link',
      'Location',
      'Retry-After',
      'Idempotency-Replayed',
      AS_OF_HEADER,
      POSITION_HEADER,
    ],
    maxAge: 600,
  });
}

/** Refuses callers that have no key, then those that call too often. */
export async function guard(app: FastifyInstance, options: ApiOptions): Promise<void> {
  if (options.requestsPerMinute > 0) {
    await app.register(rateLimit, {
      max: options.requestsPerMinute,
      timeWindow: 60_000,
      cache: MAX_COUNTED_CLIENTS,
      errorResponseBuilder: () => new Problem(429, 'too many requests from this address; wait a little'),
    });
  }
  if (options.apiKey === '') return;
  const wanted = digest(options.apiKey);
  app.addHook('onRequest', async (request, reply) => {
    if (timingSafeEqual(digest(keyGiven(request)), wanted)) return;
    reply.header('WWW-Authenticate', 'Bearer');
    throw new Problem(401, 'send the API key: Authorization: Bearer <key>, or X-API-Key: <key>');
  });
}

function keyGiven({ headers }: FastifyRequest): string {
  const direct = headers['x-api-key'];
  if (typeof direct === 'string') return direct;
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
