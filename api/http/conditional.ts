import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from '../options.ts';

/**
 * Gives the answer its ETag: the model's version, the log's positions, the catalogue and what else it rests on. Weak, because
 * going over old ratings moves predictions a little in between.
 * @returns true when the caller has this already: the reply is 304 then
 */
export function isUnchanged(
  { ports, options }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  more: readonly unknown[] = [],
): boolean {
  const { modelVersion, positions } = ports.model.asOf();
  const read = [...positions.values()].reduce((sum, next) => sum + next, 0);
  const parts = [modelVersion, read, ports.films.version, options.compat, ...more];
  const tag = `"${encodeURIComponent(parts.join('.'))}"`;
  reply.header('ETag', `W/${tag}`).header('Cache-Control', 'no-cache');
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (!known.includes(tag) && !known.includes('*')) return false;
  reply.code(304).send();
  return true;
}
