import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventKind } from '../core/rating-event.ts';
import { eventIdOf, keyOf, pathOf } from './http/idempotency.ts';
import { formatPosition, POSITION_HEADER } from './http/position.ts';
import { Problem } from './http/problem.ts';
import type { ApiContext } from './options.ts';

export interface Change {
  readonly kind: EventKind;
  readonly userId: number;
  /** 0 where the kind concerns no film */
  readonly movieId: number;
  readonly rating: number | null;
}

const SOURCE = 'api';

/**
 * Writes one event and waits until Kafka has it and this instance has learned it; the reply names its position.
 * @returns the event's time, ms since 1970
 * @throws ReelstreamError of the gateway; Problem 503 when it is in the log and not learned in time
 */
export async function writeEvent(
  { ports, options }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  change: Change,
): Promise<number> {
  const { kind, userId, movieId, rating } = change;
  const tsMs = ports.clock.nowMs();
  const key = keyOf(request);
  const call = [userId, request.method, pathOf(request), kind, movieId, rating];
  const eventId = key === null ? undefined : eventIdOf(key, call);
  const position = await ports.gateway.writeEvent({ ...change, tsMs, source: SOURCE }, eventId);
  reply.header(POSITION_HEADER, formatPosition(position));
  if (await ports.model.reached(position, options.applyTimeoutMs)) return tsMs;
  throw new Problem(
    503,
    'written, but not learned yet: it will be; with an Idempotency-Key you may repeat it',
  );
}
