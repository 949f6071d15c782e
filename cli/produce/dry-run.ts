import { systemClock } from '../../core/clock.ts';
import { describeSchedule } from '../../core/schedule/describe-schedule.ts';
import { printJson, printTable } from '../print.ts';
import { buildLaneParts } from './lane-parts.ts';
import type { LoadPlan } from './load-plan.ts';
import { whole } from './report.ts';

const BUCKETS = 20;
const BAR_WIDTH = 40;
const DEFAULT_MS = 60_000;

/** Prints what a run would send when, and sends nothing. */
export async function printSchedule(plan: LoadPlan): Promise<void> {
  const { options, runId, seed } = plan;
  const nowhere = { topic: '', log: null, schemaId: 0, switchedSchemaId: null };
  const { scheduleFrom } = await buildLaneParts(plan, nowhere);
  const schedule = scheduleFrom(systemClock.nowMs());
  const durationMs = options.for ?? DEFAULT_MS;
  const description = describeSchedule(schedule, durationMs, BUCKETS);
  if (options.json) {
    printJson({ runId, seed, durationMs, ...description });
    return;
  }
  const highest = Math.max(...description.buckets.map(({ meanRate }) => meanRate), 1);
  printTable(
    ['from, s', 'events', 'events/s', 'rate'],
    description.buckets.map(({ startMs, events, meanRate }) => [
      Number((startMs / 1_000).toFixed(1)),
      events,
      Number(meanRate.toFixed(1)),
      '#'.repeat(Math.round((meanRate / highest) * BAR_WIDTH)),
    ]),
  );
  printTable(
    ['what', 'value'],
    [
      ['seed', String(seed)],
      ['events', whole(description.total)],
      ['mean rate, events/s', Number(description.meanRate.toFixed(1))],
      ['lowest and highest', `${description.lowestRate.toFixed(1)}, ${description.highestRate.toFixed(1)}`],
    ],
  );
}
