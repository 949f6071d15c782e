import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Jitter } from '../../core/schedule/arrivals.ts';
import { parseProfile } from '../../core/schedule/parse-profile.ts';
import { peakRate } from '../../core/schedule/peak-rate.ts';
import { multiplyProfiles, type Profile, setsItsRate } from '../../core/schedule/profile.ts';
import { parseFaults } from '../../producer/faults/parse-faults.ts';
import { type FaultSettings, longestHoldMs } from '../../producer/faults/spec.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import type { Settings } from '../../runtime/settings.ts';
import { sampleFolder } from '../wiring.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';
import type { Format, ProduceOptions } from './options.ts';

/** Everything that decides what a run sends, settled once. Plain data: workers get it as it is, the ledger keeps it. */
export interface LoadPlan {
  readonly options: ProduceOptions;
  readonly simulation: MoviesMatchSimulation | null;
  readonly runId: string;
  readonly seed: number;
  readonly faultSeed: number;
  /** number of the first event */
  readonly first: number;
  /** number of the first live event: those before are history */
  readonly firstLive: number;
  readonly profile: Profile;
  readonly rate: number;
  readonly jitter: Jitter;
  readonly peakRate: number;
  readonly faults: FaultSettings;
  readonly format: Format;
  readonly runAhead: number;
  readonly reports: 'all' | 'sample';
}

/** What Kafka and the registry add to it. */
export interface Destination {
  readonly topic: string;
  readonly log: LedgerLog | null;
  /** ids of version 1 and, for a run that switches, version 2; null where nothing is encoded */
  readonly schemaId: number | null;
  readonly switchedSchemaId: number | null;
}

/** Up to here a report per record costs less than a core's tenth. */
const MAX_REPORTED_RATE = 20_000;
const RUN_AHEAD_SECONDS = 5;
const MIN_RUN_AHEAD = 1_000;
const MAX_RUN_AHEAD = 10_000_000;
export const SAMPLE_RATINGS: string = join(sampleFolder, 'ml-latest-small', 'ratings.csv');

/** @param begin run id, seed and numbers of a run that goes on; a fresh one begins at 0 */
export async function planLoad(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  begin: Partial<Pick<LoadPlan, 'runId' | 'seed' | 'first' | 'firstLive'>> = {},
): Promise<LoadPlan> {
  refuseContradictions(options);
  const seed = begin.seed ?? options.seed ?? simulation?.seed ?? randomInt(2 ** 32);
  const profile = profileOf(options, simulation);
  const rate = options.rate ?? settings.REELSTREAM_PRODUCER_RATE;
  const peak = peakRate(profile, {
    eventsPerSecond: rate,
    recordedSeconds: await recordedSecondsOf(profile, options),
  });
  const faults = parseFaults(options.fault ?? []);
  const format = options.format ?? (options.sink === 'stdout' || options.sink === 'file' ? 'json' : 'avro');
  refuseImpossible(options, faults, format);
  return {
    options,
    simulation,
    runId: begin.runId ?? options.runId ?? randomBytes(8).toString('hex').slice(1),
    seed,
    faultSeed: options.faultSeed ?? seed,
    first: begin.first ?? 0,
    firstLive: begin.firstLive ?? 0,
    profile,
    rate,
    jitter: options.jitter ?? 'poisson',
    peakRate: peak,
    faults,
    format,
    runAhead: options.runAhead ?? defaultRunAhead(peak, faults),
    reports: reportsOf(options, peak),
  };
}

function profileOf({ profile = [] }: ProduceOptions, simulation: MoviesMatchSimulation | null): Profile {
  if (profile.length === 0 && simulation) return [{ kind: 'batch', ...simulation.batch }];
  const readText = (path: string) => {
    try {
      return readFileSync(resolve(path), 'utf8');
    } catch (cause) {
      throw new ReelstreamError('usage', `--profile: ${(cause as Error).message}`, { cause });
    }
  };
  return multiplyProfiles(...profile.map((text) => parseProfile(text, { readText })));
}

export function replaysFile(profile: Profile): boolean {
  return profile.some(({ kind }) => kind === 'replay');
}

async function recordedSecondsOf(profile: Profile, options: ProduceOptions): Promise<ArrayLike<number>> {
  if (!replaysFile(profile)) return [];
  return (await readRatingsFile(resolve(options.ratings ?? SAMPLE_RATINGS))).table.seconds;
}

/** Five seconds of the peak, and as long as faults hold records back beyond that. */
function defaultRunAhead(peak: number, faults: FaultSettings): number {
  const seconds = RUN_AHEAD_SECONDS + longestHoldMs(faults.specs) / 1_000;
  return Math.min(MAX_RUN_AHEAD, Math.max(MIN_RUN_AHEAD, Math.ceil(peak * seconds)));
}

function reportsOf({ deliveryReports, sink }: ProduceOptions, peak: number): LoadPlan['reports'] {
  if (sink !== 'kafka') return 'all';
  if (deliveryReports !== 'auto') return deliveryReports;
  return peak <= MAX_REPORTED_RATE ? 'all' : 'sample';
}

function refuseContradictions(options: ProduceOptions): void {
  const refuse = (message: string) => {
    throw new ReelstreamError('usage', message);
  };
  if (options.sink === 'file' && options.out === undefined) refuse('--sink file: name the file with --out');
  if (options.out !== undefined && options.sink !== 'file')
    refuse('--out: only --sink file writes to a file');
  if (options.workers > 1 && (options.sink === 'file' || options.sink === 'stdout')) {
    refuse(`--workers: one process writes to ${options.sink}`);
  }
  if (options.history !== undefined && options.sink !== 'kafka')
    refuse('--history: only a topic has a position to go on from');
  if (options.history !== undefined && options.workers > 1)
    refuse('--history: one process keeps the position');
  if (options.findMax && options.for === undefined && options.count !== undefined)
    refuse('--find-max: takes --for, not --count');
}

function refuseImpossible({ sink }: ProduceOptions, faults: FaultSettings, format: Format): void {
  if (format === 'avro' && (sink === 'stdout' || sink === 'file')) {
    throw new ReelstreamError('usage', '--format avro has no lines: take json or csv, or --sink kafka');
  }
  const { schemaSwitchAtMs, schemaRefusalAtMs, specs } = faults;
  const needsAvro =
    schemaSwitchAtMs !== null || schemaRefusalAtMs !== null || specs.some(({ kind }) => kind === 'poison');
  if (format !== 'avro' && needsAvro) {
    throw new ReelstreamError(
      'usage',
      `--fault: poison and schema faults are about Avro, and --format is ${format}`,
    );
  }
}

/** True when the profile says how many events per second, whatever --rate says. */
export function ignoresRate(profile: Profile): boolean {
  return profile.some(setsItsRate);
}
