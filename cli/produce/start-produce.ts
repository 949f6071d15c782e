import { systemClock } from '../../core/clock.ts';
import { mustCatch } from '../../producer/faults/to-catch.ts';
import { createPublisher } from '../../producer/measure/publish.ts';
import { createInjectedPublisher, type PublishInjected } from '../../producer/measure/publish-injected.ts';
import { createRunTotals } from '../../producer/measure/run-totals.ts';
import type { LoadProgress, LoadReport } from '../../producer/run/load-run.ts';
import { outputLost } from '../../runtime/output.ts';
import type { Settings } from '../../runtime/settings.ts';
import { createProgress } from '../print.ts';
import type { Frame, FramedService } from '../service-frame.ts';
import { type Crew, type CrewHooks, startCrew } from './crew.ts';
import { offerIncompatible, openDestination } from './destination.ts';
import { findMaxRate } from './find-max.ts';
import { planHistory, startHistory } from './history.ts';
import { ignoresRate, type LoadPlan, planLoad } from './load-plan.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';
import type { ProduceOptions } from './options.ts';
import { createRateControl } from './rate-control.ts';
import { progressLine, refuseShortfall, reportPageOf, showSummary, summarize, writeWhole } from './report.ts';

const HISTORY_AND_LIVE = 2;

export interface ProduceFrame extends Frame {
  /** when the process began, as its metrics say it */
  readonly started: string;
}

/** Begins a run; the service is done when its summary is printed. */
export async function startProduce(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  frame: ProduceFrame,
): Promise<FramedService> {
  const stopping = new AbortController();
  if (options.findMax) return startFindMax(options, simulation, settings, frame, stopping);
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const totals = createRunTotals(options.history === undefined ? options.workers : HISTORY_AND_LIVE);
  const publisher = createPublisher(frame.metrics, topic);
  const progress = createProgress();
  let crew: Crew | null = null;
  let plan: LoadPlan | null = null;
  let publishInjected: PublishInjected | null = null;
  let last = { elapsedMs: 0, generated: 0, rate: 0 };

  const onProgress = (worker: number, now: LoadProgress): void => {
    const elapsedMs = crew?.elapsedMs ?? now.elapsedMs;
    totals.absorb(worker, now, elapsedMs);
    publisher.observe(now.delays);
    const counts = totals.counts();
    publisher.publish(counts, totals.byLabel());
    publishInjected?.(totals.toCatch());
    const ms = elapsedMs - last.elapsedMs;
    if (ms < 1_000) return;
    const rate = ((counts.generated - last.generated) / ms) * 1_000;
    last = { elapsedMs, generated: counts.generated, rate };
    progress.update(progressLine(counts, elapsedMs, rate));
  };
  const hooks: CrewHooks = {
    logger: frame.logger,
    signal: stopping.signal,
    onProgress,
    resolvedBelow: () => Math.max(plan?.first ?? 0, totals.resolved),
  };
  const begun = await begin(options, simulation, settings, hooks);
  crew = begun.crew;
  plan = begun.plan;
  publishInjected = injectedPublisher(plan, settings, frame);
  const { runId, seed } = plan;
  frame.logger.info(
    { runId, seed, topic, first: plan.first, sink: options.sink },
    `run ${runId} with seed ${seed}, from event ${plan.first}`,
  );
  const control = createRateControl(plan.rate, ignoresRate(plan.profile), (factor) => crew?.scale(factor));
  control.listenToSignals();
  const isOver = new AbortController();
  const refusal = offerLater(plan, settings, frame, isOver.signal);
  // a registry that took it has spoilt the run
  refusal.catch(() => stopping.abort());

  const done = crew.done
    .finally(() => {
      isOver.abort();
      progress.done();
      control.close();
    })
    .then(async (ended) => {
      const report = forgiveReader(ended, options);
      publisher.publish({ ...totals.counts(), targetRate: 0 }, totals.byLabel());
      publishInjected?.(totals.toCatch());
      const summary = summarize(begun.plan, topic, report, totals);
      if (options.report) await writeWhole(options.report, reportPageOf(summary, begun.plan));
      await showSummary(summary, options, options.sink === 'stdout');
      await refusal;
      if (report.stoppedBy !== 'reader_gone') refuseShortfall(summary, report, options.minAchieved);
    });
  return {
    done,
    async stop() {
      stopping.abort();
      // a rejection is for whoever waits for `done`
      await done.catch(() => undefined);
    },
    alive: () => true,
    notReady: () => [],
    status: () => ({
      topic,
      runId,
      seed,
      ...totals.counts(),
      byLabel: totals.byLabel(),
      elapsedMs: crew?.elapsedMs ?? 0,
      rate: last.rate,
      rateFactor: control.factor,
    }),
    controls: { '/rate': control.put },
    // the dashboard holds what was injected against what was caught, to the last record
    hasLastWord: () => publishInjected !== null,
  };
}

async function begin(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  hooks: CrewHooks,
): Promise<{ readonly plan: LoadPlan; readonly crew: Crew }> {
  if (options.history !== undefined) {
    const history = await planHistory(options, simulation, settings);
    hooks.logger.info({ ...history.replay.run }, `${history.replay.run.kind} run ${history.plan.runId}`);
    return { plan: history.plan, crew: startHistory(history, settings, hooks) };
  }
  const plan = await planLoad(options, simulation, settings);
  const destination = await openDestination(plan, settings);
  return { plan, crew: await startCrew(plan, destination, settings, hooks) };
}

/** Null for a run that sends the sink nothing to catch. */
function injectedPublisher(
  { options, faults }: LoadPlan,
  settings: Settings,
  { metrics, started }: ProduceFrame,
): PublishInjected | null {
  if (options.sink !== 'kafka' || !mustCatch(faults.specs)) return null;
  return createInjectedPublisher(metrics, settings.REELSTREAM_RATINGS_TOPIC, started);
}

/** As with any program before `| head`: the reader has what it wanted, and that is no failure. */
function forgiveReader(report: LoadReport, { sink }: ProduceOptions): LoadReport {
  const isGone = sink === 'stdout' && outputLost.aborted;
  return isGone ? { ...report, stoppedBy: 'reader_gone', error: null } : report;
}

/**
 * The registry is offered its incompatible version when its time has come; a run that is over before does without.
 * @throws ReelstreamError `registry` when it took it
 */
async function offerLater(
  plan: LoadPlan,
  settings: Settings,
  { logger }: Frame,
  isOver: AbortSignal,
): Promise<void> {
  const { schemaRefusalAtMs } = plan.faults;
  if (schemaRefusalAtMs === null || plan.options.sink !== 'kafka') return;
  await systemClock.sleep(schemaRefusalAtMs, isOver);
  if (isOver.aborted) {
    logger.warn(
      { schemaRefusalAtMs },
      'the run was over before the registry was offered an incompatible schema',
    );
    return;
  }
  const answer = await offerIncompatible(settings);
  logger.info({ answer }, 'the registry refused an incompatible schema');
}

function startFindMax(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  frame: ProduceFrame,
  stopping: AbortController,
): FramedService {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  let injects = false;
  const done = findMaxRate(options, simulation, settings, {
    logger: frame.logger,
    signal: stopping.signal,
    say,
    openInjected(plan) {
      const publish = injectedPublisher(plan, settings, frame);
      injects ||= publish !== null;
      return publish;
    },
  });
  return {
    done,
    async stop() {
      stopping.abort();
      await done.catch(() => undefined);
    },
    alive: () => true,
    notReady: () => [],
    status: () => ({}),
    hasLastWord: () => injects,
  };
}
