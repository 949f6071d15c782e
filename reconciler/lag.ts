import type { LogBounds } from '../kafka/log-bounds.ts';

export interface PartitionLag {
  readonly partition: number;
  readonly end: number;
  /** next offset that the group has to read; null = it never said */
  readonly position: number | null;
  /** records that wait for it: of those that the log still holds */
  readonly lag: number;
}

/**
 * What a group has before it, per partition. Both sides come from one round: a position a moment older than the end makes the
 * lag a little too large, one a moment newer makes it 0, never negative.
 */
export function lagOf(
  bounds: ReadonlyMap<number, LogBounds>,
  positions: ReadonlyMap<number, number>,
): PartitionLag[] {
  return [...bounds].map(([partition, { start, end }]) => {
    const position = positions.get(partition) ?? null;
    const next = Math.max(start, position ?? start);
    return { partition, end, position, lag: Math.max(0, end - next) };
  });
}
