import type { Clock } from '../core/clock.ts';
import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

export type LookOutcome = 'loaded' | 'unchanged' | 'failed';

export interface Look {
  readonly outcome: Exclude<LookOutcome, 'failed'>;
  /** of the catalogue in use afterwards */
  readonly version: number;
}

export interface WatchOptions {
  readonly look: (signal: AbortSignal) => Promise<Look>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onLook?: (outcome: LookOutcome, look: Look | null) => void;
}

export interface Watch {
  /** resolves after `stop` */
  readonly done: Promise<void>;
  /** abandons a look that is under way: the catalogue in use stays */
  stop(): Promise<void>;
  status(): WatchStatus;
}

export interface WatchStatus {
  readonly looks: Readonly<Record<LookOutcome, number>>;
  readonly version: number | null;
  /** null after a look that went well */
  readonly lastError: string | null;
  /** wall clock; null before the first look has ended */
  readonly lastLookMs: number | null;
}

/** After a failure the next look comes sooner: a minute, then twice as long each time, never longer than the interval. */
const RETRY_MS = 60_000;

/**
 * Looks at once and then at every interval, for ever. A look that fails leaves the catalogue as it is and is tried again;
 * only `stop` ends the watch.
 */
export function watchCatalogue(options: WatchOptions): Watch {
  const { clock, logger, everyMs } = options;
  const stopping = new AbortController();
  const looks = { loaded: 0, unchanged: 0, failed: 0 };
  let version: number | null = null;
  let lastError: string | null = null;
  let lastLookMs: number | null = null;
  let failures = 0;

  const succeeded = (look: Look, elapsedMs: number) => {
    failures = 0;
    lastError = null;
    version = look.version;
    looks[look.outcome] += 1;
    options.onLook?.(look.outcome, look);
    const said = look.outcome === 'loaded' ? 'a new catalogue is live' : 'the source has not changed';
    logger.info({ version, elapsedMs: Math.round(elapsedMs), nextLookInMs: everyMs }, said);
  };
  const failed = (error: ReelstreamError, nextLookInMs: number) => {
    looks.failed += 1;
    lastError = error.message;
    options.onLook?.('failed', null);
    const { code, message } = error;
    logger.error({ code, error: message, version, nextLookInMs }, 'look failed, the catalogue in use stays');
  };
  const lookOnce = async (): Promise<number> => {
    const startMs = clock.monotonicMs();
    try {
      succeeded(await options.look(stopping.signal), clock.monotonicMs() - startMs);
      return everyMs;
    } catch (thrown) {
      if (stopping.signal.aborted) return 0;
      const pauseMs = Math.min(everyMs, RETRY_MS * 2 ** failures);
      failures += 1;
      failed(toReelstreamError(thrown), pauseMs);
      return pauseMs;
    } finally {
      lastLookMs = clock.nowMs();
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) await clock.sleep(await lookOnce(), stopping.signal);
  };
  const done = run();
  return {
    done,
    stop: async () => {
      stopping.abort();
      await done;
    },
    status: () => ({ looks: { ...looks }, version, lastError, lastLookMs }),
  };
}
