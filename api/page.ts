import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './http/idempotency.ts';

export interface PageQuery {
  readonly limit: number;
  readonly offset: number;
}

/** Cuts one page out; a Link header (RFC 8288) leads to the next one while there is one. */
export function pageFrom<T>(items: readonly T[], request: FastifyRequest, reply: FastifyReply): readonly T[] {
  const { limit, offset } = request.query as PageQuery;
  const end = offset + limit;
  if (end < items.length)
    reply.header('Link', `<${pathOf(request)}?limit=${limit}&offset=${end}>; rel="next"`);
  return items.slice(offset, end);
}
