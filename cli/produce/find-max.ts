import { delayPoint } from '../../producer/measure/delay-point.ts';
import type { PublishInjected } from '../../producer/measure/publish-injected.ts';
import { createRateSearch } from '../../producer/measure/rate-search.ts';
import { createRunTotals, type RunTotals } from '../../producer/measure/run-totals.ts';
import type { LoadReport } from '../../producer/run/load-run.ts';
import type { Settings } from '../../runtime/settings.ts';
import { printJson, printTable } from '../print.ts';
import { type CrewHooks, startCrew } from './crew.ts';
import { openDestination } from './destination.ts';
import { type LoadPlan, planLoad } from './load-plan.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';
import type { ProduceOptions } from './options.ts';
import { whole } from './report.ts';

interface Trial {
  readonly rate: number;
  readonly achievedRate: number;
  /** null: nothing was measured */
  readonly scheduleP99Ms: number | null;
  readonly deliveryP99Ms: number | null;
  readonly keptUp: boolean;
}

const TRIAL_MS = 10_000;
const WARMUP_MS = 2_000;
/** Events that wait longer than this for their turn pile up; so do those that are acknowledged as late after the last one. */
const MAX_WAIT_MS = 500;

export interface FindMaxHooks extends Pick<CrewHooks, 'logger' | 'signal'> {
  readonly say: (line: string) => void;
  /** for the faults of a trial; null when it has none that must be caught */
  readonly openInjected: (plan: LoadPlan) => PublishInjected | null;
}

/**
 * Tries one rate after the other, each for the time of `--for` (default 10 s) after a warm-up, until the highest that is
 * kept up is known to within a twentieth: its share of the target reached, 99 of 100 events sent within half a second, and
 * everything acknowledged half a second after the last one.
 */
export async function findMaxRate(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  hooks: FindMaxHooks,
): Promise<void> {
  const search = createRateSearch(options.rate ?? settings.REELSTREAM_PRODUCER_RATE);
  const trials: Trial[] = [];
  let first = 0;
  let identity: { readonly runId?: string; readonly seed?: number } = {};
  for (let rate = search.next(); rate !== null && !hooks.signal.aborted; rate = search.next()) {
    const warmup = options.warmup ?? WARMUP_MS;
    const asked = { ...options, rate, warmup, for: warmup + (options.for ?? TRIAL_MS) };
    const plan = await planLoad(asked, simulation, settings, { ...identity, first, firstLive: first });
    identity = { runId: plan.runId, seed: plan.seed };
    const totals = createRunTotals(options.workers);
    const publishInjected = hooks.openInjected(plan);
    const crew = await startCrew(plan, await openDestination(plan, settings), settings, {
      ...hooks,
      resolvedBelow: () => Math.max(plan.first, totals.resolved),
      onProgress(worker, progress) {
        totals.absorb(worker, progress, progress.elapsedMs);
        publishInjected?.(totals.toCatch());
      },
    });
    const report = await crew.done;
    if (report.error) throw report.error;
    // half a trial says nothing
    if (hooks.signal.aborted) break;
    first += report.generated + report.overloaded;
    const trial = judge(rate, report, totals, options.minAchieved);
    trials.push(trial);
    search.tell(rate, trial.keptUp);
    hooks.say(
      `${whole(rate)}/s: ${whole(trial.achievedRate)}/s, schedule delay p99 ${tenths(trial.scheduleP99Ms) ?? '-'} ms: ${trial.keptUp ? 'kept up' : 'too high'}`,
    );
  }
  show(options, trials, search.best);
}

function judge(
  rate: number,
  { measured, flushMs }: LoadReport,
  totals: RunTotals,
  minAchievedPercent: number,
): Trial {
  const achievedRate = (measured.acknowledged / measured.ms) * 1_000;
  const targetRate = (measured.due / measured.plannedMs) * 1_000;
  const scheduleP99Ms = delayPoint(totals.schedule)?.p99Ms ?? null;
  const deliveryP99Ms = delayPoint(totals.delivery)?.p99Ms ?? null;
  const isReached = achievedRate * 100 >= targetRate * minAchievedPercent;
  // what a client's queue has taken in, and Kafka not yet, is no rate that can be kept up
  const isPrompt = scheduleP99Ms !== null && scheduleP99Ms <= MAX_WAIT_MS && flushMs <= MAX_WAIT_MS;
  const keptUp = isReached && isPrompt;
  return { rate, achievedRate, scheduleP99Ms, deliveryP99Ms, keptUp };
}

function show({ json }: ProduceOptions, trials: readonly Trial[], best: number | null): void {
  if (json) {
    printJson({ highestRate: best, trials });
    return;
  }
  printTable(
    ['rate', 'achieved', 'schedule delay p99, ms', 'delivery p99, ms', 'kept up'],
    trials.map((trial) => [
      Math.round(trial.rate),
      Math.round(trial.achievedRate),
      tenths(trial.scheduleP99Ms),
      tenths(trial.deliveryP99Ms),
      trial.keptUp ? 'yes' : 'no',
    ]),
  );
  printTable(['highest rate that is kept up'], [[best === null ? 'none' : Math.round(best)]]);
}

function tenths(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toFixed(1));
}
