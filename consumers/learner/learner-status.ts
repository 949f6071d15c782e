import type { Following } from './following.ts';
import type { LearnerContext } from './learner-context.ts';
import type { LearnerCounts, LearnerMetrics } from './learner-metrics.ts';

export interface LearnerStatus {
  readonly counts: Readonly<LearnerCounts>;
  readonly freshness: ReturnType<LearnerMetrics['freshness']>;
  readonly modelVersion: number;
  readonly users: number;
  readonly films: number;
  readonly ratings: number;
  readonly replayRoundsDue: number;
  /** entries of the journal that are still to be followed */
  readonly following: number;
  readonly journal: { readonly seq: number; readonly entries: number };
  readonly partitions: readonly {
    readonly partition: number;
    readonly state: string;
    readonly position: number;
    readonly lag: number | null;
    readonly haltReason: string | null;
  }[];
}

/** Figures for people and tests. */
export function statusOf(ctx: LearnerContext, following: Following): LearnerStatus {
  const { recommender } = ctx.state;
  return {
    counts: { ...ctx.metrics.counts },
    freshness: ctx.metrics.freshness(),
    modelVersion: recommender.version(),
    users: recommender.users(),
    films: recommender.films(),
    ratings: recommender.ratings(),
    replayRoundsDue: recommender.replayRoundsDue(),
    following: following.left,
    journal: { seq: ctx.journal.seq, entries: ctx.journal.entries },
    partitions: [...ctx.slots.values()].map(({ partition, state, learned, logEnd, haltReason }) => ({
      partition,
      state,
      position: learned.position,
      lag: Number.isFinite(logEnd) ? Math.max(0, logEnd - learned.position) : null,
      haltReason,
    })),
  };
}

/** Why this learner does not know all that the log says; empty when it does. */
export function notReadyReasons(ctx: LearnerContext, following: Following, hasCaughtUp: boolean): string[] {
  if (ctx.draining) return ['draining'];
  if (ctx.slots.size === 0) return ['no partition yet'];
  const reasons = [...ctx.slots.values()].flatMap(({ partition, state, haltReason, asking }) => {
    if (haltReason !== null) return [`partition ${partition} halted: ${haltReason}`];
    if (asking) return [`partition ${partition} waits for the schema registry`];
    return state === 'checking' ? [`partition ${partition}: looking at the log`] : [];
  });
  if (following.left > 0) return [...reasons, `following the journal: ${following.left} entries left`];
  return hasCaughtUp ? reasons : [...reasons, 'catching up'];
}

/** The journal is followed, and every partition was held against the log. */
export function isChecked({ slots }: LearnerContext, following: Following): boolean {
  if (following.left > 0 || slots.size === 0) return false;
  return [...slots.values()].every(({ state }) => state !== 'checking');
}

/** Everything that the log held when it was looked at is learned. */
export function isAtTarget({ slots }: LearnerContext, following: Following): boolean {
  if (following.left > 0 || slots.size === 0) return false;
  return [...slots.values()].every(
    ({ state, learned, target }) => state === 'learning' && learned.position >= target,
  );
}

/** Nothing waits to be learned. */
export function isIdle({ slots, queue, draining }: LearnerContext, following: Following): boolean {
  if (draining || following.left > 0 || queue.length > 0 || slots.size === 0) return false;
  return [...slots.values()].every(
    ({ state, held, learned, logEnd }) => state === 'learning' && !held && learned.position >= logEnd,
  );
}

export function publishGauges(ctx: LearnerContext): void {
  const slots = [...ctx.slots.values()];
  ctx.metrics.partitions(
    slots.length,
    slots.filter(({ state, asking }) => state !== 'learning' || asking).length,
    slots.filter(({ state }) => state === 'halted').length,
    slots.reduce((sum, { learned }) => sum + learned.window.entriesAt(learned.position), 0),
  );
  const newest = [...ctx.state.partitions.values()].flatMap(({ last }) => last?.logTsMs ?? []);
  if (newest.length > 0) ctx.metrics.newestAt(Math.max(...newest));
  ctx.metrics.publish(ctx.scoring.scores, ctx.state.recommender);
}
