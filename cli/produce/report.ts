import { rename, writeFile } from 'node:fs/promises';
import { ReelstreamError } from '../../core/errors.ts';
import type { ProducerProgress, ProducerReport, StopReason } from '../../producer/producer-run.ts';
import type { ReplayRun } from '../../producer/replay-plan.ts';
import { type Cell, printJson, printTable } from '../print.ts';

export interface ReportOptions {
  readonly json?: boolean;
  readonly reportJson?: string;
}

const STOP_REASONS: Readonly<Record<StopReason, string>> = {
  limit: 'the limit was reached',
  source_end: 'the file has been replayed',
  signal: 'a stop was asked for',
  too_slow: 'the time is over and the schedule could not be caught up',
  failure: 'events failed',
};

/** One line for a person who watches. */
export function progressLine(now: ProducerProgress, run: ReplayRun): string {
  const replayed = Math.min(1, now.next / run.replayEvents);
  const phase = replayed < 1 ? `replay ${(replayed * 100).toFixed(1)} %` : 'live';
  return [
    `${(now.elapsedMs / 1_000).toFixed(0)} s`,
    `generated ${whole(now.generated)}`,
    `acknowledged ${whole(now.acknowledged)}`,
    `in flight ${whole(now.inFlight)}`,
    `${whole(now.rate)}/s of ${whole(now.targetRate)}/s`,
    phase,
  ].join('  ');
}

/** The summary on stdout and, where asked for, in a file that is there whole or not at all. */
export async function showReport(
  report: ProducerReport,
  run: ReplayRun,
  topic: string,
  options: ReportOptions,
): Promise<void> {
  const { error, ...figures } = report;
  const summary = {
    ...figures,
    topic,
    run,
    error: error && { code: error.code, message: error.message },
  };
  if (options.reportJson) {
    await writeFile(`${options.reportJson}.new`, JSON.stringify(summary, null, 2));
    await rename(`${options.reportJson}.new`, options.reportJson);
  }
  if (options.json) printJson(summary);
  else printTable(['producer', 'value'], reportRows(report, run, topic));
}

function reportRows(report: ProducerReport, run: ReplayRun, topic: string): [string, Cell][] {
  const { scheduleDelay } = report;
  return [
    ['topic', topic],
    ['run (seed)', `${run.runId} (${run.seed}), ${run.kind}`],
    ['generated', report.generated],
    ['acknowledged', report.acknowledged],
    ['failed', report.failed],
    ['in flight', report.inFlight],
    ['rate', `${report.achievedRate.toFixed(1)}/s of ${report.targetRate.toFixed(1)}/s`],
    ['never generated', report.missed],
    [
      'schedule delay p50, p99, max',
      [scheduleDelay.p50Ms, scheduleDelay.p99Ms, scheduleDelay.maxMs]
        .map((ms) => `${ms.toFixed(1)} ms`)
        .join(', '),
    ],
    ['events', `${whole(report.first)} to ${whole(report.next)} of ${whole(run.replayEvents)} in the file`],
    ['stopped because', STOP_REASONS[report.stoppedBy]],
  ];
}

/** @throws what ended the run, or what it could not deliver */
export function refuseLoss({ error, failed, inFlight }: ProducerReport): void {
  if (error) throw error;
  if (failed > 0) throw new ReelstreamError('kafka', `Kafka did not take ${whole(failed)} events`);
  if (inFlight > 0) {
    throw new ReelstreamError('timeout', `Kafka has not acknowledged ${whole(inFlight)} events in time`);
  }
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
