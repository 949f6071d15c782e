import { type ReelstreamError, toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import { onStopSignals, onUncaught } from './process-events.ts';

export interface Service {
  /** resolves when the work is done by itself or after `stop`; rejects when it failed */
  readonly done: Promise<void>;
  /** stop taking work, finish or abandon what is in hand, close. Called at most once. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly logger: Logger;
  readonly stopTimeoutMs: number;
}

/**
 * Lives from start to exit code: SIGINT and SIGTERM drain, a second signal ends at once, an unknown error drains
 * and ends with 1. The drain has a deadline; what it did not finish is said loudly.
 */
export async function runService(start: () => Promise<Service>, options: RunOptions): Promise<ExitCode> {
  const { logger } = options;
  let failure: ReelstreamError | undefined;
  let wake = () => {};
  const asked = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const ignoreSignals = onStopSignals(['SIGINT', 'SIGTERM'], {
    onStop(signal) {
      logger.info({ signal }, 'stopping: draining what is in hand');
      wake();
    },
    onHurry(signal) {
      logger.error({ signal }, 'second signal: ending at once, nothing more is drained');
      process.exit(1);
    },
  });
  const fail = (thrown: unknown) => {
    failure ??= toReelstreamError(thrown);
    logger.error(errorFields(failure), 'unexpected error: draining, then ending with 1');
    wake();
  };
  const ignoreUncaught = onUncaught(fail);
  try {
    const service = await start();
    await Promise.race([service.done.catch(fail), asked]);
    if (!(await within(service.stop().catch(fail), options.stopTimeoutMs))) {
      logger.error({ stopTimeoutMs: options.stopTimeoutMs }, 'the drain did not end in time');
      return 1;
    }
  } catch (thrown) {
    const error = toReelstreamError(thrown);
    logger.error(errorFields(error), error.message);
    return exitCodeOf(error.code);
  } finally {
    ignoreSignals();
    ignoreUncaught();
  }
  return failure ? (Math.max(1, exitCodeOf(failure.code)) as ExitCode) : 0;
}

/** Fields of a log line for an error: code, details and, for the unknown, the stack. */
export function errorFields(error: ReelstreamError): Record<string, unknown> {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const stack =
    error.code === 'unknown' ? ((error.cause as Error | undefined)?.stack ?? error.stack) : undefined;
  return {
    code: error.code,
    ...error.details,
    error: error.message,
    ...(cause ? { cause } : {}),
    ...(stack ? { stack } : {}),
  };
}

async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const outcome = await Promise.race([work.then(() => true as const), deadline]);
  clearTimeout(timer);
  return outcome;
}
