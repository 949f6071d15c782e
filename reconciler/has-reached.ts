import type { LogBounds } from '../kafka/admin.ts';
import type { SinkPosition } from './sink-positions.ts';

/** by Kafka partition */
export type Ends = ReadonlyMap<number, LogBounds>;

/**
 * Whether the sink has everything that the log held earlier. Of a log that was made anew, or of which everything expired, no
 * more is asked than there is.
 */
export function hasReached(
  positions: readonly Pick<SinkPosition, 'partition' | 'next'>[],
  earlier: Ends,
  now: Ends,
): boolean {
  const nexts = new Map(positions.map(({ partition, next }) => [partition, next ?? 0]));
  return [...earlier].every(([partition, { end }]) => {
    const bounds = now.get(partition);
    if (bounds === undefined || bounds.start === bounds.end) return true;
    return (nexts.get(partition) ?? 0) >= Math.min(end, bounds.end);
  });
}
