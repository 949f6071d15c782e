import { createBackoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { errorTypeOf } from './protocol-errors.ts';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Failures in a row of one leader, or of one partition. */
export interface Trouble {
  /** how often in a row it was the same one */
  readonly times: number;
  /** one more; ms to wait before the next try */
  add(kind: string): number;
  /** it works; true when it did not before */
  clear(): boolean;
}

export function createTrouble(): Trouble {
  const backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS });
  let latest: string | null = null;
  let times = 0;
  return {
    get times() {
      return times;
    },
    add(kind) {
      times = kind === latest ? times + 1 : 1;
      latest = kind;
      return backoff.nextMs();
    },
    clear() {
      const was = latest !== null;
      latest = null;
      times = 0;
      backoff.reset();
      return was;
    },
  };
}

/** One for each leader that is asked for. */
export function createTroubles(): (leader: number) => Trouble {
  const troubles = new Map<number, Trouble>();
  return (leader) => {
    const trouble = troubles.get(leader) ?? createTrouble();
    troubles.set(leader, trouble);
    return trouble;
  };
}

/** The first of a row is a warning; the others are no news. */
export function logTrouble(
  logger: Logger,
  { times }: Trouble,
  fields: Readonly<Record<string, unknown>>,
  message: string,
): void {
  const log = times === 1 ? logger.warn : logger.debug;
  log.call(logger, fields, message);
}

/** Waits, then asks who leads what, for the next try; ends early when the signal does. */
export async function pauseAndRefresh(
  { topic, clock, logger }: { readonly topic: string; readonly clock: Clock; readonly logger: Logger },
  refresh: () => Promise<void>,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  await clock.sleep(waitMs, signal);
  if (signal.aborted) return;
  await refresh().catch((reason: unknown) => {
    logger.debug({ topic, error: errorTypeOf(reason) }, 'topic metadata not refreshed');
  });
}
