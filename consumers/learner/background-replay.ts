import type { LearnerContext } from './learner-context.ts';
import { nextSliceSize } from './slice-size.ts';

/** What has been learned is gone over again while nothing new waits. */
export interface BackgroundReplay {
  advance(nowMs: number): void;
  /** ms until it may go on; Infinity when there is nothing to do */
  dueInMs(nowMs: number): number;
}

export function createBackgroundReplay(ctx: LearnerContext, isIdle: () => boolean): BackgroundReplay {
  const { options, parts, state } = ctx;
  const { replayShare, sliceMs } = options;
  const { recommender } = state;
  let rounds = 1;
  let nextAtMs = 0;
  const isDue = () => replayShare > 0 && isIdle() && recommender.replayRoundsDue() > 0;

  return {
    advance(nowMs) {
      if (nowMs < nextAtMs || !isDue()) return;
      const granted = Math.min(rounds, recommender.replayRoundsDue());
      ctx.journal.append({ kind: 'replay', rounds: granted });
      recommender.replay(granted);
      ctx.metrics.replayed(granted);
      const elapsedMs = parts.clock.monotonicMs() - nowMs;
      if (granted === rounds) rounds = nextSliceSize(rounds, elapsedMs, sliceMs);
      nextAtMs = nowMs + elapsedMs / replayShare;
    },
    dueInMs: (nowMs) => (isDue() ? Math.max(0, nextAtMs - nowMs) : Number.POSITIVE_INFINITY),
  };
}
