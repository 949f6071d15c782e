import type { Clock } from '../../core/clock.ts';
import { toReelstreamError } from '../../core/errors.ts';
import type { DrillCase, Undo } from './drill-case.ts';
import { type DrillResult, notDone, withHeartbeat } from './drill-result.ts';
import type { DrillStack } from './drill-stack.ts';
import { isExpected, judgeDrill, stillFiring } from './judge.ts';
import type { PrometheusQuestions } from './prometheus.ts';
import type { Receiver } from './receiver.ts';
import { waitUntil } from './wait-until.ts';

export interface DrillParts {
  readonly stack: DrillStack;
  readonly receiver: Receiver;
  readonly prometheus: PrometheusQuestions;
  readonly clock: Clock;
  /** aborted: the fault is ended and nothing more is waited for */
  readonly stop: AbortSignal;
  show(line: string): void;
}

/** Baselines of the demo profile are trained in a minute and a half, the model's in two and a half. */
const QUIET_WITHIN_MS = 300_000;
/** Nothing pending for so long is quiet. */
const QUIET_FOR_MS = 3_000;
/** After what was expected has come: what else comes of the same fault. */
const LISTEN_MS = 6_000;
/** The longest window that still holds the fault is a minute; a ticket is told to be over half a minute later. */
const OVER_WITHIN_MS = 180_000;

/**
 * Waits until all is well, causes the fault, listens, ends the fault, and listens until all is over.
 * When the stack does not become quiet the drill is not done, and has failed.
 * @throws ReelstreamError `halted` when it was told to stop
 */
export async function runDrill(drill: DrillCase, parts: DrillParts): Promise<DrillResult> {
  const { stack, receiver, clock, show } = parts;
  const unwell = await untilQuiet(drill, parts);
  if (unwell !== null) return notDone(drill, unwell);
  const heartbeats = receiver.heartbeats();
  const causedAtMs = clock.monotonicMs();
  const since = () => receiver.told().filter(({ atMs }) => atMs >= causedAtMs);
  show(`${drill.name}: ${drill.fault}`);
  let undo: Undo;
  try {
    undo = await drill.cause(stack);
  } catch (thrown) {
    return notDone(drill, `not done: ${toReelstreamError(thrown).message}`);
  }
  let undoneAtMs = Number.POSITIVE_INFINITY;
  const unmended: string[] = [];
  try {
    const isComplete = () =>
      drill.expected.every((one) =>
        since().some((heard) => heard.status === 'firing' && isExpected(one, heard)),
      );
    await waitUntil(parts, drill.withinMs, isComplete);
    await waitUntil(parts, LISTEN_MS, () => false);
  } finally {
    undoneAtMs = clock.monotonicMs();
    await undo().catch((thrown) => {
      unmended.push(`the fault could not be ended: ${toReelstreamError(thrown).message}`);
    });
  }
  show(`${drill.name}: the fault is over; waiting until it is told`);
  let open: readonly string[] = [];
  const isOver = async () => {
    open = await openAlerts(parts);
    return open.length === 0 && stillFiring(since()).length === 0;
  };
  const stillOpen = (await waitUntil(parts, OVER_WITHIN_MS, isOver)) ? [] : new Set(open);
  // what was inhibited may be told a moment later
  await waitUntil(parts, QUIET_FOR_MS, () => false);
  const verdict = judgeDrill(drill, receiver.told(), { causedAtMs, undoneAtMs });
  const deviations = [
    ...verdict.deviations,
    ...[...stillOpen].map((alert) => `still open: ${alert}`),
    ...unmended,
  ];
  return withHeartbeat({ drill, ...verdict, deviations }, heartbeats, parts);
}

/** Null when all is well, else what is not. */
async function untilQuiet(drill: DrillCase, parts: DrillParts): Promise<string | null> {
  parts.show(`${drill.name}: waiting until all is well and baselines are trained`);
  let quietSinceMs: number | null = null;
  const isReady = async () => {
    const nowMs = parts.clock.monotonicMs();
    const quiet = (await openAlerts(parts)).length === 0 && (await isTrained(drill, parts));
    quietSinceMs = quiet ? (quietSinceMs ?? nowMs) : null;
    return quietSinceMs !== null && nowMs - quietSinceMs >= QUIET_FOR_MS;
  };
  if (await waitUntil(parts, QUIET_WITHIN_MS, isReady)) return null;
  const open = await openAlerts(parts);
  return `not done, for not everything was well before: ${open.join(', ') || `no result: ${drill.ready}`}`;
}

/** Not to know of any is not that there are none. */
function openAlerts({ prometheus }: DrillParts): Promise<readonly string[]> {
  return prometheus.alerts().catch(() => ['Prometheus does not answer']);
}

async function isTrained({ ready }: DrillCase, { prometheus }: DrillParts): Promise<boolean> {
  if (ready === undefined) return true;
  return prometheus.hasResult(ready).catch(() => false);
}
