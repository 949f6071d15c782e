import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import type { Jitter } from '../../core/schedule/arrivals.ts';
import { parseProfile } from '../../core/schedule/parse-profile.ts';
import { peakRate } from '../../core/schedule/peak-rate.ts';
import { multiplyProfiles, type Profile, setsItsRate } from '../../core/schedule/profile.ts';
import { CONTENT_DEFAULTS } from '../../producer/content/content-model.ts';
import { parseFaults } from '../../producer/faults/parse-faults.ts';
import { type FaultSettings, longestHoldMs } from '../../producer/faults/spec.ts';
import type { LedgerLog } from '../../producer/ledger/ledger.ts';
import { readRatingsFile } from '../../producer/ratings-file.ts';
import type { Settings } from '../../runtime/settings.ts';
import { sampleFolder } from '../wiring.ts';
import { looksBack } from './content-options.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';
import type { Format, ProduceOptions } from './options.ts';
import { refuseContradictions, refuseImpossible, refuseOverlong, refuseOwnRate } from './refusals.ts';

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
}

/** What Kafka and the registry add to it. */
export interface Destination {
  readonly topic: string;
  readonly log: LedgerLog | null;
  /** ids of version 1 and, for a run that switches, version 2; null where nothing is encoded */
  readonly schemaId: number | null;
  readonly switchedSchemaId: number | null;
}

const RUN_AHEAD_SECONDS = 5;
const MIN_RUN_AHEAD = 1_000;
/** Ten times what a client holds: no more can be under way. */
const MAX_UNHELD_AHEAD = 2_000_000;
/** Each takes a dozen bytes. */
const MAX_RUN_AHEAD = 10_000_000;
export const SAMPLE_RATINGS: string = join(sampleFolder, 'ml-latest-small', 'ratings.csv');

/** Of a run that goes on; a fresh one begins at 0. */
export interface PlannedBegin extends Partial<Pick<LoadPlan, 'runId' | 'seed' | 'first' | 'firstLive'>> {
  /** what the saved position allows */
  readonly mostAhead?: number;
}

/** @throws ReelstreamError `usage` for options that contradict each other, and for faults that the run cannot carry */
export async function planLoad(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
  begin: PlannedBegin = {},
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
  if (options.findMax) refuseOwnRate(ignoresRate(profile));
  const format = options.format ?? (options.sink === 'stdout' || options.sink === 'file' ? 'json' : 'avro');
  refuseImpossible(options, faults, format);
  const runAhead = runAheadOf(options, peak, faults, begin);
  refuseOverlong(faults, peak, runAhead);
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
    runAhead,
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

/** Five seconds of the peak, and as long as faults hold records back; no more than others allow. */
function runAheadOf(
  options: ProduceOptions,
  peak: number,
  faults: FaultSettings,
  { mostAhead = Number.POSITIVE_INFINITY }: PlannedBegin,
): number {
  const held = (peak * longestHoldMs(faults.specs)) / 1_000;
  const wanted = Math.min(MAX_UNHELD_AHEAD, peak * RUN_AHEAD_SECONDS) + held;
  const { referAfter = CONTENT_DEFAULTS.referAfter } = options;
  const settled = looksBack(options) ? referAfter : Number.POSITIVE_INFINITY;
  if (options.runAhead !== undefined && options.runAhead > settled) {
    throw new ReelstreamError(
      'usage',
      `--run-ahead: at most ${settled}, for events refer to what is ${settled} events old; or a larger --refer-after`,
    );
  }
  const ahead = options.runAhead ?? Math.max(MIN_RUN_AHEAD, Math.ceil(wanted));
  return Math.min(ahead, settled, mostAhead, MAX_RUN_AHEAD);
}

/** True when the profile says how many events per second, whatever --rate says. */
export function ignoresRate(profile: Profile): boolean {
  return profile.some(setsItsRate);
}
