import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { LiveModel, Position } from '../ports.ts';

export const POSITION_HEADER = 'Reelstream-Position';
export const AS_OF_HEADER = 'Reelstream-As-Of';

/** How long a read waits for a write that another instance acknowledged. */
const WAIT_MS = 1_000;

export const POSITION_PATTERN = '^\\d{1,5}:\\d{1,15}(, ?\\d{1,5}:\\d{1,15}){0,255}$';

export const formatPosition = ({ slot, offset }: Position): string => `${slot}:${offset}`;

/** @param text of POSITION_PATTERN */
export function parsePositions(text: string): Position[] {
  return text.split(',').map((one) => {
    const [slot, offset] = one.trim().split(':').map(Number);
    return { slot: slot!, offset: offset! };
  });
}

/** The last record applied of every slot; what one instance says here another can be asked to wait for. */
export function appliedPositions(model: LiveModel): Position[] {
  return [...model.asOf().positions]
    .filter(([, next]) => next > 0)
    .map(([slot, next]) => ({ slot, offset: next - 1 }));
}

/** Waits for the records that the request names, all together at most a second; then it is answered as things are. */
export function createPositionWait(model: LiveModel, clock: Clock) {
  return async (request: FastifyRequest): Promise<void> => {
    const text = request.headers[POSITION_HEADER.toLowerCase()];
    if (typeof text !== 'string') return;
    const deadlineMs = clock.monotonicMs() + WAIT_MS;
    for (const position of parsePositions(text)) {
      const leftMs = Math.max(0, deadlineMs - clock.monotonicMs());
      await model.reached(position, leftMs);
    }
  };
}

export function sayAsOf(model: LiveModel, reply: FastifyReply): void {
  const positions = appliedPositions(model);
  if (positions.length > 0) reply.header(AS_OF_HEADER, positions.map(formatPosition).join(','));
}
