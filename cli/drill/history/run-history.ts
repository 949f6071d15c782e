import type { Clock } from '../../../core/clock.ts';
import { type DrillResult, notDone, withHeartbeat } from '../drill-result.ts';
import { isExpected, judgeDrill, stillFiring } from '../judge.ts';
import type { Receiver } from '../receiver.ts';
import { waitUntil } from '../wait-until.ts';
import type { HistoryDrill, Moment } from './history-drill.ts';
import type { HistoryStack, Prepared } from './history-stack.ts';

export interface HistoryParts {
  readonly stack: HistoryStack;
  readonly receiver: Receiver;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  show(line: string): void;
}

/** Every rule was evaluated so often, on what was scraped as well, and what waited has been taken up. */
const EVALUATED = 'count_over_time(ALERTS{alertname="Watchdog"}[5m]) >= 4';
const EVALUATED_WITHIN_MS = 30_000;
const TOLD_WITHIN_MS = 20_000;
const OVER_WITHIN_MS = 40_000;
/** Alertmanager waits a second before it tells. */
const LISTEN_MS = 2_000;

/**
 * Looks at the story in its three moments, each with a Prometheus that has just that past, and listens to what Alertmanager
 * tells.
 * @throws ReelstreamError `halted` when it was told to stop, `unavailable` when a past cannot be made
 */
export async function runHistoryDrill(drill: HistoryDrill, parts: HistoryParts): Promise<DrillResult> {
  const { stack, receiver, clock, show } = parts;
  const heartbeats = receiver.heartbeats();
  const beganAtMs = clock.monotonicMs();
  const begin = async (prepared: Promise<Prepared>): Promise<number> => {
    const ready = await prepared;
    const atMs = clock.monotonicMs();
    await stack.watch(ready);
    show(`${drill.name}: ${drill.words[ready.moment]}`);
    return atMs;
  };
  /** while another moment is watched; its failure is told when its turn comes */
  const prepare = (moment: Moment): Promise<Prepared> => {
    const prepared = stack.prepare(drill, moment);
    prepared.catch(() => {});
    return prepared;
  };
  const isEvaluated = () => stack.prometheus.hasResult(EVALUATED).catch(() => false);
  const since = (ms: number) => receiver.told().filter(({ atMs }) => atMs >= ms);

  show(`${drill.name}: on history: ${drill.fault}`);
  await begin(prepare('silent'));
  const faulty = prepare('told');
  if (!(await waitUntil(parts, EVALUATED_WITHIN_MS, isEvaluated))) {
    return notDone(drill, 'not done: Prometheus did not evaluate its rules');
  }
  await waitUntil(parts, LISTEN_MS, () => false);

  const causedAtMs = await begin(faulty);
  const mended = prepare('over');
  const isComplete = () =>
    drill.expected.every((one) =>
      since(causedAtMs).some((heard) => heard.status === 'firing' && isExpected(one, heard)),
    );
  await waitUntil(parts, TOLD_WITHIN_MS, async () => isComplete() && (await isEvaluated()));
  await waitUntil(parts, LISTEN_MS, () => false);

  const undoneAtMs = await begin(mended);
  const isQuiet = async () => (await stack.prometheus.alerts().catch(() => ['?'])).length === 0;
  const isOver = async () =>
    stillFiring(since(causedAtMs)).length === 0 && (await isEvaluated()) && (await isQuiet());
  await waitUntil(parts, OVER_WITHIN_MS, isOver);
  await waitUntil(parts, LISTEN_MS, () => false);

  const told = receiver.told();
  const early = told.filter(
    (one) => one.status === 'firing' && one.atMs >= beganAtMs && one.atMs < causedAtMs,
  );
  const verdict = judgeDrill({ ...drill, aftermath: {} }, told, { causedAtMs, undoneAtMs });
  const tooEarly = [
    ...new Set(early.map(({ alert }) => `${alert} was told: at ${drill.words.silent} already`)),
  ];
  const deviations = [...tooEarly, ...verdict.deviations];
  return withHeartbeat({ drill, ...verdict, deviations }, heartbeats, parts);
}
