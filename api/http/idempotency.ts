import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { POSITION_HEADER } from './position.ts';
import { Problem } from './problem.ts';

export const KEY_HEADER = 'Idempotency-Key';
export const KEY_PATTERN = '^[\\x20-\\x7e]{1,255}$';

/** Answers kept for callers that ask again; the oldest go first. */
const CAPACITY = 10_000;

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

interface Kept {
  /** digest of it: what callers send may be long */
  readonly content: string;
  readonly answer: Promise<{ readonly body: unknown; readonly position: unknown }>;
}

/** The request's key, or null. */
export function keyOf(request: FastifyRequest): string | null {
  const key = request.headers[KEY_HEADER.toLowerCase()];
  return typeof key === 'string' && key !== '' ? key : null;
}

export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]!;

/**
 * Gives a repeated call the first one's answer, also while that one is still on its way. What failed is not kept. After a
 * restart, and on other instances, the event's id does the work: see `eventIdOf`.
 */
export function createIdempotency(): (handler: Handler) => Handler {
  const answers = new Map<string, Kept>();
  return (handler) => async (request, reply) => {
    const key = keyOf(request);
    if (key === null) return handler(request, reply);
    const call = JSON.stringify([key, request.method, pathOf(request)]);
    const content = digestOf([request.query, request.body]).toString('base64');
    const before = answers.get(call);
    if (!before) {
      const answer = handler(request, reply).then((body) => ({
        body,
        position: reply.getHeader(POSITION_HEADER),
      }));
      answers.set(call, { content, answer });
      answer.catch(() => answers.delete(call));
      if (answers.size > CAPACITY) answers.delete(answers.keys().next().value!);
      const { body } = await answer;
      // sent elsewhere: there is nothing to repeat
      if (reply.sent) answers.delete(call);
      return body;
    }
    if (before.content !== content) {
      throw new Problem(
        409,
        `this ${KEY_HEADER} stands for a call with other contents`,
        KEY_HEADER.toLowerCase(),
      );
    }
    const { body, position } = await before.answer;
    if (typeof position === 'string') reply.header(POSITION_HEADER, position);
    reply.header('Idempotency-Replayed', 'true');
    return body;
  };
}

/**
 * The id of a write that carries a key: the same for the same call, so that its repetition is a duplicate in the log whoever
 * wrote it. A UUID of version 8 (RFC 9562), told from the load simulator's by its ninth byte.
 */
export function eventIdOf(key: string, call: readonly (string | number | null)[]): Uint8Array {
  const id = digestOf([key, ...call]).subarray(0, 16);
  id[6] = (id[6]! & 0x0f) | 0x80;
  id[8] = (id[8]! & 0x3f) | 0x81;
  return id;
}

function digestOf(values: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(values)).digest();
}
