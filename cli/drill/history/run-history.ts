import type { Clock } from '../../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../../core/errors.ts';
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
 * tells. A past that cannot be made, or a Prometheus that does not evaluate, is a drill that was not done. Nothing is being
 * prepared any more when it returns.
 * @throws ReelstreamError `halted` when it was told to stop
 */
export async function runHistoryDrill(drill: HistoryDrill, parts: HistoryParts): Promise<DrillResult> {
  const begun: Promise<Prepared>[] = [];
  /** while another moment is watched; its failure is told when its turn comes */
  const prepare = (moment: Moment): Promise<Prepared> => {
    const prepared = parts.stack.prepare(drill, moment);
    prepared.catch(() => {});
    begun.push(prepared);
    return prepared;
  };
  try {
    return await lookAtMoments(drill, parts, prepare);
  } catch (thrown) {
    const error = toReelstreamError(thrown);
    if (error.code === 'halted') throw error;
    if (parts.stop.aborted) {
      throw new ReelstreamError('halted', 'the drill was stopped', { retryable: false, cause: error });
    }
    return notDone(drill, `not done: ${error.message}`);
  } finally {
    await Promise.allSettled(begun);
  }
}

async function lookAtMoments(
  drill: HistoryDrill,
  parts: HistoryParts,
  prepare: (moment: Moment) => Promise<Prepared>,
): Promise<DrillResult> {
  const { stack, receiver, clock, show } = parts;
  const { prometheus } = stack;
  const heartbeats = receiver.heartbeats();
  const beganAtMs = clock.monotonicMs();
  const begin = async (prepared: Promise<Prepared>): Promise<number> => {
    const ready = await prepared;
    const atMs = clock.monotonicMs();
    await stack.watch(ready);
    show(`${drill.name}: ${drill.words[ready.moment]}`);
    return atMs;
  };
  const isEvaluated = () => prometheus.hasResult(EVALUATED).catch(() => false);
  const since = (ms: number) => receiver.told().filter(({ atMs }) => atMs >= ms);
  const listen = () => waitUntil(parts, LISTEN_MS, () => false);
  const faultsOfRules: string[] = [];
  /** Silence says something only of rules that were evaluated. */
  const lookAtRules = async (moment: Moment) => {
    const faults = (await isEvaluated())
      ? await prometheus.failingRules().catch(() => ['Prometheus does not say which fail'])
      : ['Prometheus did not evaluate its rules'];
    faultsOfRules.push(...faults.map((fault) => `rules at ${drill.words[moment]}: ${fault}`));
  };

  show(`${drill.name}: on history: ${drill.fault}`);
  await begin(prepare('silent'));
  const faulty = prepare('told');
  if (!(await waitUntil(parts, EVALUATED_WITHIN_MS, isEvaluated))) {
    return notDone(drill, 'not done: Prometheus did not evaluate its rules');
  }
  await listen();
  await lookAtRules('silent');

  const causedAtMs = await begin(faulty);
  const mended = prepare('over');
  const isComplete = () =>
    drill.expected.every((one) =>
      since(causedAtMs).some((heard) => heard.status === 'firing' && isExpected(one, heard)),
    );
  // which of the two was missing is told by the verdict and by the look at the rules
  await waitUntil(parts, TOLD_WITHIN_MS, async () => isComplete() && (await isEvaluated()));
  await listen();
  await lookAtRules('told');

  const undoneAtMs = await begin(mended);
  let open: readonly string[] = [];
  const isOver = async () => {
    open = await prometheus.alerts().catch(() => ['Prometheus does not answer']);
    return open.length === 0 && stillFiring(since(causedAtMs)).length === 0 && (await isEvaluated());
  };
  const stillOpen = (await waitUntil(parts, OVER_WITHIN_MS, isOver)) ? [] : new Set(open);
  await listen();
  await lookAtRules('over');

  const told = receiver.told();
  const early = told.filter(
    (one) => one.status === 'firing' && one.atMs >= beganAtMs && one.atMs < causedAtMs,
  );
  const verdict = judgeDrill({ ...drill, aftermath: {} }, told, { causedAtMs, undoneAtMs });
  const deviations = new Set([
    ...early.map(({ alert }) => `${alert} was told: at ${drill.words.silent} already`),
    ...verdict.deviations,
    ...[...stillOpen].map((alert) => `still open: ${alert}`),
    ...faultsOfRules,
  ]);
  return withHeartbeat({ drill, ...verdict, deviations: [...deviations] }, heartbeats, parts);
}
