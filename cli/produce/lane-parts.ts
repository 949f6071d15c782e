import { resolve } from 'node:path';
import type { RatingEvent } from '../../core/rating-event.ts';
import { type LimitedSchedule, limitSchedule } from '../../core/schedule/limit.ts';
import { createSchedule } from '../../core/schedule/schedule.ts';
import { createLiveSource } from '../../producer/content/live-source.ts';
import { formatCsv, formatJson } from '../../producer/content/text-formats.ts';
import { createReplaySource, type EventSource } from '../../producer/event-source.ts';
import { createInjector, type Inject } from '../../producer/faults/apply.ts';
import type { FaultPlan } from '../../producer/faults/fault.ts';
import { createFaultPlan } from '../../producer/faults/plan.ts';
import { createSwitchedEncoder } from '../../producer/faults/schema-switch.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import { createRatingEncoder } from '../../schemas/rating-codec.ts';
import { contentModelFrom } from './content-options.ts';
import { type Destination, type LoadPlan, replaysFile, SAMPLE_RATINGS } from './load-plan.ts';

/** What a worker needs to make its events: the same for every worker of a run. */
export interface LaneParts {
  readonly source: EventSource;
  /** @param startTsMs wall-clock time of the run's start, which a diurnal profile follows */
  readonly scheduleFrom: (startTsMs: number) => LimitedSchedule;
  readonly faults: FaultPlan;
  readonly inject: Inject;
  readonly encode: (event: RatingEvent, intendedMs: number) => Buffer;
}

export async function buildLaneParts(plan: LoadPlan, destination: Destination): Promise<LaneParts> {
  const { options, profile, seed, runId, faults, faultSeed, rate, jitter } = plan;
  const recorded = replaysFile(profile)
    ? (await readRatingsFile(resolve(options.ratings ?? SAMPLE_RATINGS))).table
    : null;
  const hasTimes = profile.some(({ kind }) => kind === 'replay' || kind === 'batch');
  const scheduleFrom = (startTsMs: number): LimitedSchedule => {
    const schedule = createSchedule(profile, {
      eventsPerSecond: rate,
      seed,
      startTsMs,
      ...(hasTimes ? {} : { jitter }),
      ...(recorded ? { recordedSeconds: recorded.seconds } : {}),
    });
    return limitSchedule(schedule, { count: options.count, durationMs: options.for });
  };
  return {
    source: recorded ? createReplaySource(recorded) : await liveSourceOf(plan),
    scheduleFrom,
    faults: createFaultPlan(faults.specs, faultSeed),
    inject: createInjector({ runId }),
    encode: encoderOf(plan, destination),
  };
}

export async function liveSourceOf(plan: LoadPlan): Promise<EventSource> {
  const { options, simulation, firstLive, seed } = plan;
  const model = await contentModelFrom(options, simulation, firstLive);
  const live = createLiveSource(model, seed);
  const { source } = options;
  if (source === undefined) return live;
  return { ...live, content: (n, intendedTsMs) => ({ ...live.content(n, intendedTsMs), source }) };
}

function encoderOf(
  { format, faults }: LoadPlan,
  { schemaId, switchedSchemaId }: Destination,
): LaneParts['encode'] {
  if (format === 'json') return (event) => Buffer.from(formatJson(event));
  if (format === 'csv') return (event) => Buffer.from(formatCsv(event));
  const encode = createRatingEncoder(schemaId ?? 0);
  if (switchedSchemaId === null || faults.schemaSwitchAtMs === null) return encode;
  const encodeSwitched = createSwitchedEncoder(switchedSchemaId);
  const switchAtMs = faults.schemaSwitchAtMs;
  return (event, intendedMs) => (intendedMs < switchAtMs ? encode : encodeSwitched)(event);
}
