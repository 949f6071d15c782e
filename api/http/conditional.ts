import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from '../options.ts';

/**
 * Marks the answer with an ETag of its body, which rests on what is stored alone: it stays the same while others write.
 * @returns the body; the reply, 304 by then, when the caller has it already
 */
export function unlessKnown(request: FastifyRequest, reply: FastifyReply, body: object): object {
  return isKnown(request, reply, [body]) ? reply : body;
}

/**
 * Marks an answer of the model with an ETag of the state that gives it: model version, the log's positions and the catalogue.
 * Weak, because going over old ratings moves predictions a little in between.
 * @returns true when the caller has this already: the reply is 304 then, and nothing needs to be worked out
 */
export function isUnchanged(
  { ports, options }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  const { modelVersion, positions } = ports.model.asOf();
  const read = [...positions.values()].reduce((sum, next) => sum + next, 0);
  return isKnown(request, reply, [modelVersion, read, ports.films.version, options.compat]);
}

function isKnown(request: FastifyRequest, reply: FastifyReply, basis: readonly unknown[]): boolean {
  const tag = `"${createHash('sha256').update(JSON.stringify(basis)).digest('base64url').slice(0, 22)}"`;
  reply.header('ETag', `W/${tag}`).header('Cache-Control', 'no-cache');
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (!known.includes(tag) && !known.includes('*')) return false;
  reply.code(304).send();
  return true;
}
