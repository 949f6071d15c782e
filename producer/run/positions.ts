import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { LedgerWriter } from '../ledger/ledger.ts';
import { createCheckpoints } from './checkpoints.ts';
import { type Lane, numberOf } from './lane.ts';
import type { Resolution } from './resolution.ts';

export interface PositionsDeps {
  readonly writer: LogWriter;
  readonly resolution: Resolution;
  readonly ledger: LedgerWriter | null;
  readonly saveNext?: ((next: number) => Promise<void>) | undefined;
}

/** How far the run has got, as far as Kafka has acknowledged it and the disk holds it. */
export interface Positions {
  /** every own event number below it is resolved, and durably so */
  readonly durable: number;
  /** a position is being written */
  readonly busy: boolean;
  /** what the disk said when it refused one */
  readonly error: ReelstreamError | null;
  /** Begins to make durable what is resolved. False when nothing more is. */
  advance(): boolean;
  /** The last time: resolves when it is durable. */
  conclude(deadlineMs: number): Promise<void>;
}

export function createPositions(deps: PositionsDeps, lane: Lane): Positions {
  const { writer, resolution, ledger } = deps;

  const save = async (next: number): Promise<void> => {
    const failed = resolution.takeFailed().map((i) => numberOf(lane, i));
    await ledger?.checkpoint(next, failed);
    await deps.saveNext?.(next);
  };
  const checkpoints = createCheckpoints(lane.first, save);
  const begin = () => checkpoints.begin(numberOf(lane, resolution.floor()));

  /** Every record sent got its answer, or there was no more time. */
  const flush = async (deadlineMs: number): Promise<void> => {
    try {
      await writer.flush(deadlineMs);
    } catch (thrown) {
      const error = toReelstreamError(thrown);
      if (error.code !== 'timeout') throw error;
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
    advance() {
      const before = checkpoints.durable;
      begin();
      return checkpoints.busy || checkpoints.durable > before;
    },
    async conclude(deadlineMs) {
      await flush(deadlineMs);
      await checkpoints.idle();
      begin();
      await checkpoints.idle();
      // given up, and ahead of a position that does not move
      if (resolution.untaken > 0 && checkpoints.error === null) await save(checkpoints.durable);
    },
  };
}
