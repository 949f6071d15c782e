import { finished } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { Problem } from './problem.ts';

const POLL_MS = 10;

/** Counts requests in hand, so that stopping lets them finish; whoever comes after that is told to go elsewhere. */
export function createDrain(app: FastifyInstance, clock: Clock): (timeoutMs: number) => Promise<void> {
  let inHand = 0;
  let isStopping = false;
  app.addHook('onRequest', async (_request, reply) => {
    inHand++;
    finished(reply.raw, () => inHand--);
    if (!isStopping) return;
    reply.header('Connection', 'close');
    throw new Problem(503, 'this instance is stopping; try again');
  });
  return async (timeoutMs) => {
    isStopping = true;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (inHand > 0 && clock.monotonicMs() < deadlineMs) await clock.sleep(POLL_MS);
  };
}
