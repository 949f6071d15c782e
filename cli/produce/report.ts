import { rename, writeFile } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';
import { type DelayPoint, delayPoint } from '../../producer/measure/delay-point.ts';
import { renderReportPage } from '../../producer/measure/report-page.ts';
import type { RunTotals, TotalCounts } from '../../producer/measure/run-totals.ts';
import type { SeriesPoint } from '../../producer/measure/series.ts';
import type { LoadReport, StopReason } from '../../producer/run/load-run.ts';
import { type Cell, printJson, printTable } from '../print.ts';
import type { LoadPlan } from './load-plan.ts';

/** All figures of a run, as `--json` and `--report-json` give them. */
export interface Summary extends Omit<LoadReport, 'error' | 'loopDelay'> {
  readonly topic: string;
  readonly runId: string;
  readonly seed: number;
  readonly faultSeed: number;
  readonly profile: readonly string[];
  /** events per second that were wanted and that were acknowledged, after the warm-up */
  readonly targetRate: number;
  readonly achievedRate: number;
  /** achieved / target */
  readonly achieved: number;
  /** null: nothing was measured */
  readonly scheduleDelay: DelayPoint | null;
  readonly deliveryDelay: DelayPoint | null;
  /** how late timers of the sending processes fired */
  readonly eventLoopDelay: DelayPoint | null;
  readonly series: readonly SeriesPoint[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

const STOP_REASONS: Readonly<Record<StopReason, string>> = {
  limit: 'the limit was reached',
  source_end: 'the file has been replayed',
  signal: 'a stop was asked for',
  too_slow: 'the time is over and the schedule could not be caught up',
  failure: 'events failed',
  reader_gone: 'nobody reads stdout any more',
};

export function summarize(
  plan: LoadPlan,
  topic: string,
  { error, loopDelay, ...report }: LoadReport,
  totals: RunTotals,
): Summary {
  const { due, acknowledged, ms, plannedMs } = report.measured;
  const targetRate = (due / plannedMs) * 1_000;
  const achievedRate = (acknowledged / ms) * 1_000;
  return {
    ...report,
    topic,
    runId: plan.runId,
    seed: plan.seed,
    faultSeed: plan.faultSeed,
    profile: plan.options.profile ?? [],
    targetRate,
    achievedRate,
    achieved: targetRate === 0 ? 1 : achievedRate / targetRate,
    scheduleDelay: delayPoint(totals.schedule),
    deliveryDelay: delayPoint(totals.delivery),
    eventLoopDelay: loopDelay ?? null,
    series: totals.series(),
    error: error && { code: error.code, message: error.message },
  };
}

/** One line for a person who watches. */
export function progressLine(now: TotalCounts, elapsedMs: number, rate: number): string {
  return [
    `${(Math.max(0, elapsedMs) / 1_000).toFixed(0)} s`,
    `generated ${whole(now.generated)}`,
    `acknowledged ${whole(now.acknowledged)}`,
    `in flight ${whole(now.inFlight)}`,
    `${whole(rate)}/s of ${whole(now.targetRate)}/s`,
    ...(now.overloaded > 0 ? [`left out ${whole(now.overloaded)}`] : []),
    ...(now.failed > 0 ? [`failed ${whole(now.failed)}`] : []),
  ].join('  ');
}

export interface ReportOptions {
  readonly json?: boolean;
  readonly reportJson?: string;
}

/** Options that say where a report goes, and those of which the page shows what came of them. */
const NOT_OF_THE_RUN = ['json', 'report', 'reportJson', 'seed', 'faultSeed'];

/** The summary, the settings and the course of the run as one HTML file. */
export function reportPageOf(summary: Summary, plan: LoadPlan): string {
  const asked = Object.entries(plan.options)
    .filter(([name]) => !NOT_OF_THE_RUN.includes(name))
    .map(([name, value]): [string, string] => [name, String(value)]);
  return renderReportPage({
    title: `Load run ${summary.runId}`,
    figures: summaryRows(summary).map(([what, value]) => [what, String(value)]),
    settings: [...asked, ['seed', String(summary.seed)], ['fault seed', String(summary.faultSeed)]],
    series: summary.series,
  });
}

/** The summary on stdout, or on stderr where stdout has the events, and in a file that is there whole or not at all. */
export async function showSummary(
  summary: Summary,
  options: ReportOptions,
  stdoutIsTaken: boolean,
): Promise<void> {
  if (options.reportJson) await writeWhole(options.reportJson, JSON.stringify(summary, null, 2));
  const { series: _, ...figures } = summary;
  if (stdoutIsTaken) {
    for (const [what, value] of summaryRows(summary)) process.stderr.write(`${what}: ${value}\n`);
  } else if (options.json) printJson(figures);
  else printTable(['producer', 'value'], summaryRows(summary));
}

/** Written aside and renamed: whoever waits for the file never reads half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function summaryRows(summary: Summary): [string, Cell][] {
  const some = (label: string, count: number): [string, Cell][] => (count > 0 ? [[label, whole(count)]] : []);
  return [
    ['topic', summary.topic],
    ['run (seed)', `${summary.runId} (${summary.seed})`],
    ['generated', whole(summary.generated)],
    ['acknowledged', whole(summary.acknowledged)],
    ['failed', whole(summary.failed)],
    ['in flight', whole(summary.inFlight)],
    ...some('left out (overload)', summary.overloaded),
    ...some('records', summary.records === summary.generated ? 0 : summary.records),
    ...Object.entries(summary.byLabel).map(([label, count]): [string, Cell] => [`  ${label}`, whole(count)]),
    [
      'rate',
      `${summary.achievedRate.toFixed(1)}/s of ${summary.targetRate.toFixed(1)}/s (${percent(summary.achieved)})`,
    ],
    ...some('never generated', summary.missed),
    ...some('schedule waited, ms', Math.round(summary.blockedMs)),
    ['schedule delay p50, p99, max', delays(summary.scheduleDelay)],
    ['delivery p50, p99, max', delays(summary.deliveryDelay)],
    ['event loop delay p50, p99, max', delays(summary.eventLoopDelay)],
    ['events', `${whole(summary.first)} to ${whole(summary.next)}`],
    ['stopped because', STOP_REASONS[summary.stoppedBy]],
  ];
}

/** What the first tick and the last one may take longer than planned: of a short run a large part, which says nothing. */
const TICKS_SLACK_MS = 100;

/**
 * @throws what ended the run, what it could not deliver, or that it fell short of its target
 */
export function refuseShortfall(summary: Summary, report: LoadReport, minAchievedPercent: number): void {
  if (report.error) throw report.error;
  const { failed, inFlight, achieved, stoppedBy, measured } = summary;
  if (failed > 0) throw new ReelstreamError('kafka', `Kafka did not take ${whole(failed)} events`);
  if (inFlight > 0) {
    throw new ReelstreamError('timeout', `Kafka has not acknowledged ${whole(inFlight)} events in time`);
  }
  // who stops a run on purpose has not asked for the rest of it
  if (stoppedBy === 'signal' || achieved * 100 >= minAchievedPercent) return;
  const { due, acknowledged, ms, plannedMs } = measured;
  if (acknowledged * 100 >= due * minAchievedPercent && ms - plannedMs <= TICKS_SLACK_MS) return;
  const message = `${percent(achieved)} of the target was achieved, less than the ${minAchievedPercent} % of --min-achieved`;
  throw new ReelstreamError('shortfall', message);
}

const delays = (point: DelayPoint | null): string =>
  point === null
    ? 'not measured'
    : [point.p50Ms, point.p99Ms, point.maxMs].map((ms) => `${ms.toFixed(1)} ms`).join(', ');

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
