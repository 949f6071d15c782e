import { withDeadline } from '../core/deadline.ts';
import { outcomeOf } from './outcome.ts';
import type { OwnedSlot } from './owned-slot.ts';
import type { SinkContext } from './sink-context.ts';
import { hasRows } from './slot-changes.ts';

/** Durable positions -> Kafka's committed offsets. They only show lag: no position is ever taken from them. */
export interface CommitHints {
  /** commits what has moved, at most once per interval */
  advance(nowMs: number): void;
  /** commits these slots now; resolves in any case */
  commit(slots: readonly OwnedSlot[]): Promise<void>;
}

const COMMIT_TIMEOUT_MS = 5_000;

export function createCommitHints(ctx: SinkContext): CommitHints {
  const { parts, options } = ctx;
  let nextAtMs = 0;
  let isCommitting = false;

  async function commit(slots: readonly OwnedSlot[]): Promise<void> {
    const moved = slots.flatMap((slot) => {
      const position = durablePositionOf(slot);
      return position === null || position === slot.committedPosition ? [] : [{ slot, position }];
    });
    if (moved.length === 0) return;
    const positions = new Map(moved.map(({ slot, position }) => [slot.partition, position]));
    const work = withDeadline(parts.reader.commit(positions), COMMIT_TIMEOUT_MS, parts.clock, 'commit');
    const outcome = await outcomeOf(work);
    if (outcome.ok) {
      for (const { slot, position } of moved) slot.committedPosition = position;
    } else {
      parts.logger.warn(
        { code: outcome.error.code, error: outcome.error.message },
        'offsets not committed; the lag looks larger than it is, nothing else depends on them',
      );
    }
  }

  /** Behind the last record may lie transaction markers, which leave no row: without rows under way they are passed too. */
  function durablePositionOf(slot: OwnedSlot): number | null {
    if (slot.durablePosition === null) return null;
    return hasRows(ctx, slot) ? slot.durablePosition : slot.run!.reached;
  }

  return {
    commit,
    advance(nowMs) {
      if (isCommitting || nowMs < nextAtMs) return;
      nextAtMs = nowMs + options.commitIntervalMs;
      isCommitting = true;
      void commit([...ctx.owned.values()].filter((slot) => slot.state === 'streaming')).then(() => {
        isCommitting = false;
      });
    },
  };
}
