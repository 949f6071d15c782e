import { ReelstreamError, toReelstreamError } from '../core/errors.ts';
import { outputLost } from './output.ts';
import { onStopSignals, onUncaught } from './process-events.ts';

/** How a command that keeps processes running is told to end. */
export interface Interrupts {
  /** aborted by a stop signal, or when nobody reads the output any more: finish in order */
  readonly stop: AbortSignal;
  /** rejects at a second signal and at an error that nobody caught: wait for nothing more. Never resolves */
  readonly broken: Promise<never>;
}

/**
 * Does work that must clean up after itself whatever ends it: nothing here ends the process before the work has settled.
 * SIGHUP counts as well, for a terminal that is closed must not leave processes behind.
 * @throws what the work throws, or the first uncaught error
 */
export async function withInterrupts<T>(work: (interrupts: Interrupts) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let uncaught: ReelstreamError | undefined;
  let giveUp: (reason: ReelstreamError) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  broken.catch(() => {});
  const ignoreSignals = onStopSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], {
    onStop: () => stop.abort(),
    onHurry: (signal) =>
      giveUp(
        new ReelstreamError('halted', `asked to end a second time (${signal}): not everything was finished`),
      ),
  });
  const ignoreUncaught = onUncaught((thrown) => {
    uncaught ??= toReelstreamError(thrown);
    giveUp(uncaught);
    stop.abort();
  });
  const onOutputLost = () => stop.abort();
  outputLost.addEventListener('abort', onOutputLost);
  if (outputLost.aborted) stop.abort();
  try {
    const result = await work({ stop: stop.signal, broken }).catch((error: unknown) => {
      // What the work made of it is the consequence
      throw uncaught ?? error;
    });
    if (uncaught) throw uncaught;
    return result;
  } finally {
    ignoreSignals();
    ignoreUncaught();
    outputLost.removeEventListener('abort', onOutputLost);
  }
}
