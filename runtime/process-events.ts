import { type Clock, systemClock } from '../core/clock.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface StopHandlers {
  /** asked to end: finish what is in hand first */
  readonly onStop: (signal: StopSignal) => void;
  /** asked again: nobody wants to wait any more */
  readonly onHurry: (signal: StopSignal) => void;
}

/**
 * One wish to stop may come as several signals: Ctrl-C in a terminal reaches every process in the foreground, and npm, where a
 * shell stands between, passes on its own copy milliseconds later. So what follows a signal within this time belongs to it.
 */
const SAME_WISH_MS = 1_000;

/**
 * Listens for signals until the returned function is called; what still belongs to a signal that counted is swallowed even then,
 * or a quick drain would end by the copy that comes after it. Counted here alone, so that every command counts alike.
 */
export function onStopSignals(
  signals: readonly StopSignal[],
  handlers: StopHandlers,
  clock: Clock = systemClock,
): () => void {
  let countedAtMs: number | null = null;
  let isOver = false;
  const onSignal = (signal: StopSignal) => {
    const nowMs = clock.monotonicMs();
    if (countedAtMs !== null && nowMs - countedAtMs < SAME_WISH_MS) return;
    const isFirst = countedAtMs === null;
    if (isOver) return;
    countedAtMs = nowMs;
    if (isFirst) handlers.onStop(signal);
    else handlers.onHurry(signal);
  };
  const leave = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    isOver = true;
    if (countedAtMs === null) leave();
    else setTimeout(leave, SAME_WISH_MS).unref();
  };
}

/** Errors that no code caught, until the returned function is called; without a listener they end the process on the spot. */
export function onUncaught(handle: (thrown: unknown) => void): () => void {
  process.on('uncaughtException', handle).on('unhandledRejection', handle);
  return () => {
    process.off('uncaughtException', handle).off('unhandledRejection', handle);
  };
}
