import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';

/**
 * Makes the run's position durable beside the sending: one write at a time, the newest position next. What a write could not
 * do is kept for `error`.
 */
export interface Checkpoints {
  /** the last position that is durable */
  readonly durable: number;
  readonly busy: boolean;
  readonly error: ReelstreamError | null;
  /** begins to write, unless a write is under way or the position is durable already */
  begin(position: number): void;
  /** resolves when nothing is being written */
  idle(): Promise<void>;
}

export function createCheckpoints(first: number, write: (position: number) => Promise<void>): Checkpoints {
  let durable = first;
  let writing: Promise<void> | null = null;
  let error: ReelstreamError | null = null;
  return {
    get durable() {
      return durable;
    },
    get busy() {
      return writing !== null;
    },
    get error() {
      return error;
    },
    begin(position) {
      if (writing || position <= durable) return;
      writing = write(position)
        .then(
          () => {
            durable = position;
          },
          (thrown: unknown) => {
            error = toReelstreamError(thrown);
          },
        )
        .finally(() => {
          writing = null;
        });
    },
    async idle() {
      while (writing) await writing;
    },
  };
}
