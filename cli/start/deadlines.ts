import type { Settings } from '../../runtime/settings.ts';

/** The sink works off what is in the log at well over the producer's rate; longer means it is stuck. */
export const DRAIN_DEADLINE_MS = 180_000;
/** It looks at every row there is: a few seconds for the events of hours. */
const AUDIT_ALLOWANCE_MS = 120_000;
/** A service abandons its own drain at REELSTREAM_STOP_TIMEOUT_MS; what it says then must not be cut off. */
const SERVICE_MARGIN_MS = 10_000;
/** Producer, sink, stores, and Kafka below them are stopped one after the other. */
const LEVELS = 4;

/** How long one of our own processes may take from SIGTERM to its end. */
export function serviceStopDeadlineMs(settings: Settings): number {
  return settings.REELSTREAM_STOP_TIMEOUT_MS + SERVICE_MARGIN_MS;
}

/** How long a foreground run may take from its first stop signal to its end: producer, drain, audit, everything else. */
export function orderlyEndDeadlineMs(settings: Settings): number {
  return DRAIN_DEADLINE_MS + AUDIT_ALLOWANCE_MS + hurriedEndDeadlineMs(settings);
}

/** And from its second one: nothing is waited for any more but the processes themselves. */
export function hurriedEndDeadlineMs(settings: Settings): number {
  return LEVELS * serviceStopDeadlineMs(settings);
}
