import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { LedgerWriter } from '../ledger/ledger.ts';
import { createCheckpoints } from './checkpoints.ts';
import { type Lane, numberOf } from './lane.ts';
import type { Resolution } from './resolution.ts';

export interface PositionsDeps {
  readonly writer: LogWriter;
  readonly resolution: Resolution;
  readonly resolvesBy: 'reports' | 'barriers';
  readonly ledger: LedgerWriter | null;
  readonly saveNext?: ((next: number) => Promise<void>) | undefined;
  /** the first own event with a record still to be sent */
  readonly lowestHeld: () => number;
}

export interface PositionsOptions extends Lane {
  /** nothing is saved behind a record that was given up */
  readonly stopOnFailure?: boolean | undefined;
}

/** How far the run has got, as far as Kafka has acknowledged it and the disk holds it. */
export interface Positions {
  /** every own event number below it is resolved, and durably so */
  readonly durable: number;
  /** a position is being written */
  readonly busy: boolean;
  /** what the disk said when it refused one */
  readonly error: ReelstreamError | null;
  /**
   * Kafka gave up a record that does not say which event it belongs to, as poison may not. What is resolved can no longer be
   * told, and no position moves any more.
   */
  readonly isLost: boolean;
  /**
   * Finds out what is resolved and begins to make it durable. By barriers that means to wait until everything sent is
   * acknowledged. False when that took longer than the deadline, or nothing more is resolved.
   */
  advance(deadlineMs: number): Promise<boolean>;
  /** The last time: resolves when it is durable. */
  conclude(deadlineMs: number): Promise<void>;
}

export function createPositions(deps: PositionsDeps, options: PositionsOptions): Positions {
  const { writer, resolution, ledger } = deps;

  const save = async (next: number): Promise<void> => {
    const failed = resolution.takeFailed().map((i) => numberOf(options, i));
    await ledger?.checkpoint(next, failed);
    await deps.saveNext?.(next);
  };
  const checkpoints = createCheckpoints(options.first, save);
  const begin = () => checkpoints.begin(numberOf(options, resolution.floor()));

  const isLost = () => writer.counts().failed > resolution.failedRecords;

  /** Every record sent got its answer; false when one did not in time. */
  const flushed = async (deadlineMs: number): Promise<boolean> => {
    try {
      const { failed } = await writer.flush(deadlineMs);
      return !isLost() && (failed === 0 || !options.stopOnFailure);
    } catch (thrown) {
      const error = toReelstreamError(thrown);
      if (error.code === 'timeout') return false;
      throw error;
    }
  };
  return {
    get durable() {
      return checkpoints.durable;
    },
    get busy() {
      return checkpoints.busy;
    },
    get error() {
      return checkpoints.error;
    },
    get isLost() {
      return isLost();
    },
    async advance(deadlineMs) {
      if (deps.resolvesBy === 'barriers') {
        if (!(await flushed(deadlineMs))) return false;
        resolution.settleAll(deps.lowestHeld());
      }
      const before = checkpoints.durable;
      begin();
      return checkpoints.busy || checkpoints.durable > before;
    },
    async conclude(deadlineMs) {
      if (await flushed(deadlineMs)) resolution.settleAll(deps.lowestHeld());
      await checkpoints.idle();
      begin();
      await checkpoints.idle();
      // given up, and ahead of a position that does not move
      if (resolution.untaken > 0 && checkpoints.error === null) await save(checkpoints.durable);
    },
  };
}
