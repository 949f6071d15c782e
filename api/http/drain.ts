import { finished } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { Problem } from './problem.ts';

/** Counts requests in hand, so that stopping lets them finish; whoever comes after that is told to go elsewhere. */
export function createDrain(app: FastifyInstance, clock: Clock): (timeoutMs: number) => Promise<void> {
  const idle = new AbortController();
  let inHand = 0;
  let isStopping = false;
  const left = () => {
    inHand--;
    if (isStopping && inHand === 0) idle.abort();
  };
  app.addHook('onRequest', async (_request, reply) => {
    inHand++;
    finished(reply.raw, left);
    if (!isStopping) return;
    reply.header('Connection', 'close');
    throw new Problem(503, 'this instance is stopping; try again');
  });
  return async (timeoutMs) => {
    isStopping = true;
    if (inHand > 0) await clock.sleep(timeoutMs, idle.signal);
  };
}
