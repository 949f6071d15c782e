import type { Command } from 'commander';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import { parseRunId } from '../../core/event-id.ts';
import { FAULT_HELP } from '../../producer/faults/fault-help.ts';
import { OVERLOAD_POLICIES, type OverloadPolicy } from '../../producer/run/load-run.ts';
import { parseDurationMs, parseInteger } from '../command.ts';
import { addContentOptions, type ContentOptions } from './content-options.ts';

export const SINKS = ['kafka', 'stdout', 'file', 'null'] as const;
export type SinkKind = (typeof SINKS)[number];
export const FORMATS = ['avro', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];
export const JITTERS = ['none', 'uniform', 'poisson'] as const;

/** As commander hands them over. Plain data: workers get them as they are. */
export interface ProduceOptions extends ContentOptions {
  readonly rate?: number;
  readonly profile?: readonly string[];
  readonly jitter?: (typeof JITTERS)[number];
  readonly for?: number;
  readonly count?: number;
  readonly warmup?: number;
  readonly overload: OverloadPolicy;
  readonly dropAfter?: number;
  readonly ratings?: string;
  readonly history?: string | true;
  readonly historyRate?: number;
  readonly once?: boolean;
  readonly source?: string;
  readonly seed?: number;
  readonly runId?: string;
  readonly workers: number;
  readonly runAhead?: number;
  readonly fault?: readonly string[];
  readonly faultSeed?: number;
  readonly sink: SinkKind;
  readonly out?: string;
  readonly format?: Format;
  readonly createTopic?: boolean;
  readonly ledger?: string;
  readonly minAchieved: number;
  readonly findMax?: boolean;
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly reportJson?: string;
  readonly json?: boolean;
}

const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_RATE = 10_000_000;
const NUMBER = /^\d+\.?\d*$|^\.\d+$/;

const HELP = `
Open loop: every event has its intended time and is sent then, whatever became of those before it; what a stall held up is
sent as soon as possible and counts as late from its intended time on.

Profiles (--profile, as often as wanted; they multiply, also as a*b): constant, ramp:30s, steps:30s@50,1m@200,
  sine:1m:0.5, diurnal[:day length], burst:5:1m:10s, dip:0.2:@30s:10s, csv:file, replay[:speed], batch:250+-140/60s+-10s.
  replay sends the ratings of --ratings at their own times; batch is what MoviesMatchDataGenerator does. --dry-run prints
  the schedule.

${FAULT_HELP}

While it runs: PUT /rate {"rate": 500} or {"factor": 0.5} on the metrics port changes the rate, SIGUSR1 raises and SIGUSR2
lowers it by a tenth; GET /status tells where it stands.

Exit codes: 0 as asked, 1 less than --min-achieved of the target or events lost, 2 wrong use, 3 Kafka or the registry is
away. docs/load-simulator.md has an example for every option.`;

/** @throws ReelstreamError `usage` for options that are out of range */
export function addProduceOptions(command: Command): Command {
  const many = (value: string, before: readonly string[] = []) => [...before, value];
  command
    .option('--rate <n>', 'events per second (default REELSTREAM_PRODUCER_RATE)', parseRate('--rate'))
    .option('--profile <spec>', 'how the rate changes over time; several multiply', many)
    .option(
      '--jitter <law>',
      'of arrivals: none, uniform or poisson (default poisson)',
      oneOf('--jitter', JITTERS),
    )
    .option('--for <duration>', 'stop after this time (60s, 5m)', parseDuration('--for'))
    .option('--count <n>', 'stop after this many events', parseInteger('--count', 1, MAX_COUNT))
    .option(
      '--warmup <duration>',
      'send for this time before anything is measured',
      parseDuration('--warmup'),
    )
    .option(
      '--overload <policy>',
      'when events cannot be sent in time: catch-up, drop or block',
      parseOverload,
      'catch_up' as OverloadPolicy,
    )
    .option(
      '--drop-after <duration>',
      'drop: longest wait of an event (default 100ms)',
      parseDuration('--drop-after'),
    )
    .option(
      '--seed <n>',
      'decides the content; 0 is a seed, without one it is random',
      parseInteger('--seed', 0, MAX_COUNT),
    )
    .option('--run-id <hex>', 'up to 15 hexadecimal digits; decides the event ids', runIdOption)
    .option('--workers <k>', 'processes that share the events', parseInteger('--workers', 1, 64), 1)
    .option(
      '--run-ahead <n>',
      'most events under way: n waits until n - this many is acknowledged',
      parseInteger('--run-ahead', 1, 100_000_000),
    );
  addContentOptions(command);
  return command
    .option('--source <text>', 'what the field source of live events says (default live)')
    .option('--ratings <file>', 'ratings for the profile replay (default MovieLens)')
    .option(
      '--history [file]',
      'first replay a ratings file as fast as Kafka takes it, going on where the last run stopped',
    )
    .option(
      '--history-rate <n>',
      'events per second of the history (default as fast as Kafka takes them)',
      parseRate('--history-rate'),
    )
    .option('--once', 'stop when the history has been replayed')
    .option('--fault <spec>', 'something to do wrong; see below', many)
    .option(
      '--fault-seed <n>',
      'decides which events faults hit (default the seed)',
      parseInteger('--fault-seed', 0, MAX_COUNT),
    )
    .option('--sink <kind>', 'kafka, stdout, file or null', oneOf('--sink', SINKS), 'kafka' as SinkKind)
    .option('--out <file>', 'where the sink file writes')
    .option(
      '--format <format>',
      'avro, json or csv (default avro for Kafka, else json)',
      oneOf('--format', FORMATS),
    )
    .option('--create-topic', 'create the topics when they are missing')
    .option('--ledger <file>', 'keep an account for verify')
    .option('--min-achieved <percent>', 'exit 1 below this share of the target', parsePercent, 95)
    .option('--find-max', 'find the highest rate that is kept up')
    .option('--dry-run', 'print the schedule and send nothing')
    .option('--report <file>', 'write an HTML report with plots')
    .option('--report-json <file>', 'also write the summary to this file')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', HELP);
}

function parseRate(name: string): (text: string) => number {
  return (text) => {
    const rate = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (rate > 0 && rate <= MAX_RATE) return rate;
    throw new ReelstreamError('usage', `${name}: "${text}" is not a number above 0 and up to ${MAX_RATE}`);
  };
}

function parseDuration(name: string): (text: string) => number {
  return (text) => {
    try {
      return parseDurationMs(text);
    } catch (cause) {
      throw new ReelstreamError('usage', `${name}: ${toReelstreamError(cause).message}`, { cause });
    }
  };
}

function parsePercent(text: string): number {
  const percent = /^[\d.]+%?$/.test(text) ? Number(text.replace('%', '')) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new ReelstreamError('usage', `--min-achieved: "${text}" is not a percentage from 0 to 100`);
}

function parseOverload(text: string): OverloadPolicy {
  const policy = OVERLOAD_POLICIES.find((one) => one === text.replace('-', '_'));
  if (policy) return policy;
  throw new ReelstreamError('usage', `--overload: "${text}" is none of catch-up, drop, block`);
}

function oneOf<const T extends string>(name: string, allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((one) => one === text);
    if (found) return found;
    throw new ReelstreamError('usage', `${name}: "${text}" is none of ${allowed.join(', ')}`);
  };
}

function runIdOption(text: string): string {
  const runId = parseRunId(text);
  if (runId !== null) return runId;
  throw new ReelstreamError('usage', `--run-id: "${text}" is not 1 to 15 hexadecimal digits`);
}
