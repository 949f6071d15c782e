import { toReelstreamError } from '../../core/errors.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { outcomeOf } from '../outcome.ts';
import { StateLoop, type Turns } from '../state-loop.ts';
import { createAssignment } from './assignment.ts';
import { createBackgroundReplay } from './background-replay.ts';
import { createFollowing } from './following.ts';
import type { JournalEntry } from './journal-codec.ts';
import type { Journal } from './journal-file.ts';
import type { LearnerContext, LearnerEvent, LearnerOptions, LearnerParts } from './learner-context.ts';
import { createLearnerMetrics } from './learner-metrics.ts';
import type { LearnerState } from './learner-state.ts';
import {
  isAtTarget,
  isChecked,
  isIdle,
  type LearnerStatus,
  notReadyReasons,
  publishGauges,
  statusOf,
} from './learner-status.ts';
import { createPositionWaiters } from './positions.ts';
import { createScoring } from './scoring.ts';
import { createSnapshots } from './snapshots.ts';
import type { StateFolder } from './state-folder.ts';
import { createWork } from './work.ts';

/** The loop wakes at least this often, for the gauges. */
const TICK_MS = 1_000;
/** A loss of power costs the order of so many records, and of a second, and of what came while the disk worked. */
const MAX_UNSYNCED_RECORDS = 2_000;

/** What a learner goes on from. */
export interface LearnerStart {
  readonly state: LearnerState;
  readonly folder: StateFolder;
  readonly journal: Journal;
  /** what happened behind the snapshot */
  readonly entries: readonly JournalEntry[];
  readonly snapshotSeq: number;
}

/**
 * Kafka -> model, in an order that a restart can follow (docs/decisions/0011-learner-journal.md).
 * One loop owns all state, as in the sink: callbacks only leave events for it. After the events comes one slice of learning,
 * then a turn of the event loop, so that whoever asks the model is answered meanwhile, between two events and never in one.
 */
export class Learner {
  readonly #ctx: LearnerContext;
  readonly #loop: StateLoop<LearnerEvent>;
  readonly #turns: Turns<LearnerEvent>;
  readonly #letGo: () => void;
  readonly #snapshots;
  readonly #following;
  #hasCaughtUp = false;
  /** what was restored is followed to its end and held against the log */
  #isChecked = false;
  readonly #isContinued: boolean;
  #hasFailed = false;

  constructor(options: LearnerOptions, parts: LearnerParts, start: LearnerStart) {
    const { state, folder, journal, entries, snapshotSeq } = start;
    const { clock } = parts;
    this.#isContinued = state.recommender.version() > 0 || entries.length > 0;
    const loop = new StateLoop<LearnerEvent>(clock);
    this.#loop = loop;
    const model = state.recommender.options.engine.engine;
    const ctx: LearnerContext = {
      options,
      parts,
      state,
      folder,
      metrics: createLearnerMetrics(parts.metrics, { ...options, model }, options.snapshotIntervalMs),
      scoring: createScoring(state.recommender),
      waiters: createPositionWaiters(clock, (partition) => this.#ctx.slots.get(partition)?.learned.position),
      post: (event) => loop.post(event),
      slots: new Map(),
      journal,
      queue: [],
      recordsSinceSnapshot: 0,
      recordsSinceSync: 0,
      draining: false,
    };
    this.#ctx = ctx;
    const following = createFollowing(entries);
    this.#following = following;
    const work = createWork(ctx, following);
    const assignment = createAssignment(ctx);
    this.#letGo = () => assignment.unassigned([...ctx.slots.keys()]);
    const replay = createBackgroundReplay(ctx, () => isIdle(ctx, following));
    const snapshots = createSnapshots(ctx, snapshotSeq, entries.length > 0, () => following.isAbandoned);
    this.#snapshots = snapshots;
    /** One thing per turn. @returns true when there is more */
    const oneThing = (nowMs: number): boolean => {
      if (ctx.draining) return false;
      if (snapshots.isCopying || (following.left === 0 && snapshots.isDue(nowMs))) {
        snapshots.advance();
        return true;
      }
      if (work.step()) return true;
      replay.advance(nowMs);
      return false;
    };
    const syncJournal = () => {
      ctx.recordsSinceSync = 0;
      void outcomeOf(ctx.journal.sync()).then((outcome) => {
        if (!outcome.ok) parts.logger.warn({ error: outcome.error.message }, 'journal not forced to disk');
      });
    };
    let gaugesAtMs = 0;
    let commitAtMs = 0;
    this.#turns = {
      handlers: {
        assigned: ({ partitions }) => assignment.assigned(partitions),
        unassigned: ({ partitions }) => assignment.unassigned(partitions),
        fetched: ({ fetch, release }) => assignment.fetched(fetch, release),
        checked: ({ slot, outcome }) => assignment.checked(slot, outcome),
        schemas_resolved: ({ slot, outcome }) => {
          if (!outcome.ok) loop.fail(outcome.error);
          else work.schemasResolved(slot);
        },
        snapshot_written: ({ seq, outcome }) => snapshots.written(seq, outcome),
        unreadable: ({ partition, error }) => assignment.halted(partition, error.message),
        failed: ({ error }) => loop.fail(error),
        stop: ({ done }) => {
          ctx.draining = true;
          done();
        },
      },
      advance: () => {
        const nowMs = clock.monotonicMs();
        if (oneThing(nowMs)) setImmediate(() => loop.wake());
        this.#isChecked ||= isChecked(ctx, following);
        this.#hasCaughtUp ||= isAtTarget(ctx, following);
        if (nowMs >= gaugesAtMs) {
          gaugesAtMs = nowMs + TICK_MS;
          publishGauges(ctx);
          syncJournal();
        }
        if (ctx.recordsSinceSync >= MAX_UNSYNCED_RECORDS) syncJournal();
        if (nowMs >= commitAtMs && following.left === 0) {
          commitAtMs = nowMs + options.commitIntervalMs;
          void this.#commit();
        }
      },
      waitMs: () => Math.min(TICK_MS, replay.dueInMs(clock.monotonicMs())),
      failed: () => {
        this.#hasFailed = true;
        ctx.draining = true;
      },
    };
  }

  /** Begins to read; partitions follow by themselves. */
  async start(): Promise<void> {
    const { post, parts } = this.#ctx;
    await parts.reader.start({
      onAssigned: (partitions) => post({ kind: 'assigned', partitions }),
      onRevoked: async (partitions) => post({ kind: 'unassigned', partitions }),
      onLost: (partitions) => post({ kind: 'unassigned', partitions }),
      onFetch: (fetch) => new Promise((release) => post({ kind: 'fetched', fetch, release })),
      onHalted: (partition, error) => post({ kind: 'unreadable', partition, error }),
      onFatal: (thrown) => post({ kind: 'failed', error: toReelstreamError(thrown) }),
    });
    this.#loop.run(this.#turns);
  }

  /** Resolves after `stop`; rejects when something happened that trying again cannot cure. */
  get done(): Promise<void> {
    return this.#loop.done;
  }

  /** Learns nothing more, writes a snapshot (not after a failure, nor while the journal is still followed), closes. */
  async stop(): Promise<void> {
    const loop = this.#loop;
    if (!loop.isRunning) return;
    await new Promise<void>((done) => loop.post({ kind: 'stop', done }));
    await loop.end();
    await this.#commit();
    this.#letGo();
    await this.#ctx.parts.reader.stop();
    if (!this.#hasFailed && this.#following.left === 0) await this.#snapshots.finish();
    loop.finish();
  }

  /** to be read: whoever else changes it makes it another one than the journal says */
  get model(): Recommender {
    return this.#ctx.state.recommender;
  }

  /** partition -> next offset to apply */
  positions(): ReadonlyMap<number, number> {
    return new Map(
      [...this.#ctx.slots.values()].map(({ partition, learned }) => [partition, learned.position]),
    );
  }

  /** true once the record is applied, false when the deadline came first or the partition is not read */
  reached(partition: number, offset: number, timeoutMs: number): Promise<boolean> {
    return this.#ctx.waiters.reached(partition, offset, timeoutMs);
  }

  /**
   * `yes` once everything that the log held at the start is learned. `behind`: on the way there from a state of before, or a
   * partition cannot be read on; what is known is good, and not all. A state whose journal had a gap is older than what was
   * shown before: nobody sees it until it has caught up.
   */
  readiness(): 'no' | 'behind' | 'yes' {
    if (this.notReady().length === 0) return 'yes';
    if (this.#ctx.draining || !this.#isChecked) return 'no';
    const isContinued = this.#isContinued && !this.#following.isAbandoned;
    return isContinued || this.#hasCaughtUp ? 'behind' : 'no';
  }

  isAlive(): boolean {
    return this.#loop.isAlive();
  }

  notReady(): string[] {
    return notReadyReasons(this.#ctx, this.#following, this.#hasCaughtUp);
  }

  status(): LearnerStatus {
    return statusOf(this.#ctx, this.#following);
  }

  /** For lag figures alone. */
  async #commit(): Promise<void> {
    const { parts, slots } = this.#ctx;
    const moved = [...slots.values()].filter(({ committed, learned }) => committed !== learned.position);
    if (moved.length === 0) return;
    const positions = new Map(moved.map(({ partition, learned }) => [partition, learned.position]));
    const outcome = await outcomeOf(parts.reader.commit(positions));
    if (outcome.ok) for (const slot of moved) slot.committed = positions.get(slot.partition)!;
    else
      parts.logger.debug(
        { error: outcome.error.message },
        'offsets not committed: the lag looks larger than it is',
      );
  }
}
