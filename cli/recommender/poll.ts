import type { Clock } from '../../core/clock.ts';
import { type ReelstreamError, toReelstreamError } from '../../core/errors.ts';

export interface Polling {
  stop(): Promise<void>;
}

export interface PollOptions {
  readonly intervalMs: number;
  readonly clock: Clock;
  /** told of every look that failed; the next one comes all the same */
  readonly onFailure: (error: ReelstreamError) => void;
}

/** Looks once before it resolves, then again after every interval until it is stopped. */
export async function startPolling(
  look: () => Promise<void>,
  { intervalMs, clock, onFailure }: PollOptions,
): Promise<Polling> {
  const stopped = new AbortController();
  const lookOrSay = () => look().catch((thrown: unknown) => onFailure(toReelstreamError(thrown)));

  async function poll(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(intervalMs, stopped.signal);
      if (!stopped.signal.aborted) await lookOrSay();
    }
  }

  await lookOrSay();
  const polling = poll();
  return {
    stop() {
      stopped.abort();
      return polling;
    },
  };
}
