import { DEDUPE_WINDOW_OFFSETS } from '../../core/dedupe-window.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { FaultSettings, FaultSpec } from '../../producer/faults/spec.ts';
import { longestHoldMs } from '../../producer/faults/spec.ts';
import type { Format, ProduceOptions } from './options.ts';

/** Each throws ReelstreamError `usage`, before anything is opened or sent. */

type Rule = readonly [isBroken: boolean, message: string];

export function refuseContradictions(options: ProduceOptions): void {
  const { sink, out, workers, history, findMax, warmup = 0 } = options;
  const isText = sink === 'file' || sink === 'stdout';
  const isHistory = history !== undefined;
  refuseFirst([
    [options.for === 0, '--for: a time above 0'],
    [
      options.for !== undefined && warmup >= options.for,
      '--warmup: must be shorter than --for, or nothing is measured',
    ],
    [sink === 'file' && out === undefined, '--sink file: name the file with --out'],
    [out !== undefined && sink !== 'file', '--out: only --sink file writes to a file'],
    [isText && workers > 1, `--workers: one process writes to ${sink}`],
    [isHistory && sink !== 'kafka', '--history: only a topic has a position to go on from'],
    [isHistory && workers > 1, '--history: one process keeps the position'],
    [
      isHistory && options.ledger !== undefined && !options.once,
      '--ledger: a ledger is about one run; with --history add --once, and go on live with a run of its own',
    ],
    [options.once === true && !isHistory, '--once: only --history comes to an end'],
    [options.historyRate !== undefined && !isHistory, '--history-rate: there is no --history'],
    [findMax === true && options.count !== undefined, '--find-max: takes --for, not --count'],
    [
      findMax === true && isText,
      `--find-max: not for --sink ${sink}, which one trial would leave to the next`,
    ],
    [
      findMax === true && (options.ledger !== undefined || isHistory),
      '--find-max: runs many times, so no --ledger and no --history',
    ],
  ]);
}

export function refuseImpossible({ sink }: ProduceOptions, faults: FaultSettings, format: Format): void {
  const { schemaSwitchAtMs, schemaRefusalAtMs, specs } = faults;
  const needsAvro =
    schemaSwitchAtMs !== null || schemaRefusalAtMs !== null || specs.some(({ kind }) => kind === 'poison');
  refuseFirst([
    [
      format === 'avro' && (sink === 'stdout' || sink === 'file'),
      '--format avro has no lines: take json or csv, or --sink kafka',
    ],
    [
      format !== 'avro' && needsAvro,
      `--fault: poison and schema faults are about Avro, and --format is ${format}`,
    ],
  ]);
}

/** @param hasOwnRate the profile says how many events per second */
export function refuseOwnRate(hasOwnRate: boolean): void {
  refuseFirst([[hasOwnRate, '--find-max: this profile sets its own rate, so there is none to look for']]);
}

/** Faults that hold records back for longer than the run, or the pipeline's memory for duplicates, can bear. */
export function refuseOverlong({ specs }: FaultSettings, peakRate: number, runAhead: number): void {
  const held = Math.ceil((peakRate * longestHoldMs(specs)) / 1_000);
  const { copies, apartMs } = specs.find(isActiveDuplicate) ?? { copies: 0, apartMs: 0 };
  const between = Math.ceil((peakRate * copies * apartMs) / 1_000);
  refuseFirst([
    [
      held >= runAhead,
      `--fault: records are held back while ${whole(held)} events pass at ${whole(peakRate)}/s, but only ${whole(runAhead)} ` +
        'may be under way: a larger --run-ahead (and --refer-after), a lower rate or shorter times',
    ],
    [
      between > DEDUPE_WINDOW_OFFSETS,
      `--fault duplicate: up to ${whole(between)} events pass before the last copy at ${whole(peakRate)}/s, and the sink ` +
        `knows a duplicate for ${whole(DEDUPE_WINDOW_OFFSETS)} records of a partition: fewer copies, less time between them or a lower rate`,
    ],
  ]);
}

/** @param partitions of the topic */
export function refuseAbsentPartition({ specs }: FaultSettings, topic: string, partitions: number): void {
  const skew = specs.find((spec) => spec.kind === 'key_skew');
  refuseFirst([
    [
      skew !== undefined && skew.rate > 0 && skew.partition >= partitions,
      `--fault key-skew: ${topic} has the partitions 0 to ${partitions - 1}, not ${skew?.partition}`,
    ],
  ]);
}

function isActiveDuplicate(spec: FaultSpec): spec is Extract<FaultSpec, { kind: 'duplicate' }> {
  return spec.kind === 'duplicate' && spec.rate > 0;
}

function refuseFirst(rules: readonly Rule[]): void {
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken) throw new ReelstreamError('usage', broken[1]);
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
