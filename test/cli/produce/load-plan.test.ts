import { describe, expect, it } from 'vitest';
import { refuseAbsentPartition } from '../../../cli/produce/refusals.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { planOf } from './plans.ts';

const MATCH = { MOVIES_MATCH_RECORDS_TO_GENERATE: '25' };

describe('a plan', () => {
  it('draws seed and run id, unless they are given; 0 is a seed', async () => {
    const [a, b] = await Promise.all([planOf([]), planOf([])]);
    expect(a.runId).toMatch(/^[0-9a-f]{15}$/);
    expect(a.runId).not.toBe(b.runId);
    expect(a.seed).not.toBe(b.seed);
    expect(await planOf(['--seed', '0', '--run-id', 'Ab'])).toMatchObject({
      seed: 0,
      faultSeed: 0,
      runId: '0000000000000ab',
    });
    expect(await planOf(['--seed', '3', '--fault-seed', '4'])).toMatchObject({ seed: 3, faultSeed: 4 });
  });

  it('takes the variables of MoviesMatchDataGenerator for what they mean: batches, and 0 as no seed', async () => {
    const plan = await planOf([], { ...MATCH, MOVIES_MATCH_RANDOM_SEED: '0' });
    expect(plan.profile).toEqual([
      { kind: 'batch', records: 25, recordsJitter: 0, intervalMs: 60_000, intervalJitterMs: 0 },
    ]);
    expect(plan.seed).not.toBe(0);
    expect((await planOf([], { ...MATCH, MOVIES_MATCH_RANDOM_SEED: '7' })).seed).toBe(7);
    expect((await planOf(['--seed', '0'], { ...MATCH, MOVIES_MATCH_RANDOM_SEED: '7' })).seed).toBe(0);
    expect((await planOf(['--profile', 'constant'], MATCH)).profile).not.toContainEqual({ kind: 'batch' });
  });

  it.each([
    [[], 'avro'],
    [['--sink', 'null'], 'avro'],
    [['--sink', 'stdout'], 'json'],
    [['--sink', 'file', '--out', 'x'], 'json'],
    [['--sink', 'stdout', '--format', 'csv'], 'csv'],
    [['--format', 'json'], 'json'],
  ])('%j writes %s', async (args, format) => {
    expect((await planOf(args)).format).toBe(format);
  });
});

describe('the run-ahead', () => {
  it('is five seconds of the highest rate, and as long as faults hold records back', async () => {
    expect((await planOf(['--rate', '10'])).runAhead).toBe(1_000);
    expect((await planOf(['--rate', '4000'])).runAhead).toBe(20_000);
    expect((await planOf(['--rate', '4000', '--fault', 'reorder=1%:10s'])).runAhead).toBe(60_000);
    expect((await planOf(['--rate', '4000', '--fault', 'reorder=0:10s'])).runAhead).toBe(20_000);
    expect((await planOf(['--rate', '10000000'])).runAhead).toBe(2_000_000);
    expect((await planOf(['--rate', '4000', '--run-ahead', '77'])).runAhead).toBe(77);
  });

  it.each([
    ['--new-users', '0.01'],
    ['--new-films', '0.01'],
    ['--re-ratings', '0.1'],
  ])('is no longer than what %s %s refers to is old, whatever the rate', async (...content) => {
    expect((await planOf([...content, '--rate', '50000'])).runAhead).toBe(5_000);
    expect((await planOf([...content, '--refer-after', '300'])).runAhead).toBe(300);
    await expect(planOf([...content, '--run-ahead', '5001'])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/--run-ahead: at most 5000.*--refer-after/),
    });
  });
});

describe('refused before anything is sent', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['rate 0', ['--rate', '0'], /--rate: "0" is not a number above 0 and up to 10000000/],
    ['an empty rate', ['--rate', ''], /--rate: "" is not a number/],
    ['a rate in words', ['--rate', '5k'], /--rate: "5k"/],
    ['a history rate', ['--history', '--history-rate', '-1'], /--history-rate: "-1"/],
    ['a time without a unit', ['--for', '60'], /--for: "60" is not a duration; write for example 60s/],
    ['no time at all', ['--for', '0s'], /--for: a time above 0/],
    ['a warm-up', ['--warmup', 'x'], /--warmup: "x" is not a duration/],
    [
      'a warm-up as long as the run',
      ['--for', '5s', '--warmup', '5s'],
      /--warmup: must be shorter than --for/,
    ],
    ['a wait', ['--drop-after', '-1s'], /--drop-after: "-1s"/],
    ['a count', ['--count', '0'], /--count: "0" is not a whole number from 1 to/],
    ['an empty seed', ['--seed', ''], /--seed: "" is not a whole number from 0/],
    ['a seed', ['--seed', '-1'], /--seed: "-1" is not a whole number from 0/],
    ['a fault seed', ['--fault-seed', '1.5'], /--fault-seed: "1.5"/],
    ['a run id', ['--run-id', 'xyz'], /--run-id: "xyz" is not 1 to 15 hexadecimal digits/],
    ['65 workers', ['--workers', '65'], /--workers: "65" is not a whole number from 1 to 64/],
    ['a run-ahead', ['--run-ahead', '0'], /--run-ahead: "0" is not a whole number from 1/],
    ['a policy', ['--overload', 'wait'], /--overload: "wait" is none of catch-up, drop, block/],
    ['a law', ['--jitter', 'normal'], /--jitter: "normal" is none of none, uniform, poisson/],
    ['a sink', ['--sink', 'disk'], /--sink: "disk" is none of kafka, stdout, file, null/],
    ['a format', ['--format', 'xml'], /--format: "xml" is none of avro, json, csv/],
    ['a percentage', ['--min-achieved', '101'], /--min-achieved: "101" is not a percentage from 0 to 100/],
    ['an empty percentage', ['--min-achieved', '%'], /--min-achieved: "%" is not a percentage/],
    ['a profile', ['--profile', 'ramp:5parsecs'], /ramp/],
    ['a fault', ['--fault', 'late=2'], /--fault late=2/],
    ['a file without a name', ['--sink', 'file'], /--sink file: name the file with --out/],
    ['a name without a file', ['--out', 'x'], /--out: only --sink file/],
    ['two printers', ['--sink', 'stdout', '--workers', '2'], /--workers: one process writes to stdout/],
    ['Avro for people', ['--sink', 'stdout', '--format', 'avro'], /--format avro has no lines/],
    [
      'poison in text',
      ['--sink', 'stdout', '--fault', 'poison=1%'],
      /--fault: poison and schema faults are about Avro/,
    ],
    ['history elsewhere', ['--history', '--sink', 'null'], /--history: only a topic has a position/],
    ['two historians', ['--history', '--workers', '2'], /--history: one process keeps the position/],
    ['an end without history', ['--once'], /--once: only --history comes to an end/],
    ['a history that goes on, with a ledger', ['--history', '--ledger', 'f'], /--ledger: .*--once/],
    ['a search with a count', ['--find-max', '--count', '5'], /--find-max: takes --for/],
    ['a search with a ledger', ['--find-max', '--ledger', 'f'], /--find-max: runs many times/],
    [
      'a search at a fixed rate',
      ['--find-max', '--profile', 'steps:1m@5'],
      /--find-max: this profile sets its own rate/,
    ],
    [
      'records held back for longer than the run may be ahead',
      ['--rate', '2000', '--fault', 'reorder=1%:10s', '--run-ahead', '20000'],
      /--fault: records are held back while 20,000 events pass at 2,000\/s, but only 20,000 may be under way/,
    ],
    [
      'the same where events refer to others',
      ['--rate', '2000', '--fault', 'reorder=1%:10s', '--new-users', '0.1'],
      /but only 5,000 may be under way: a larger --run-ahead \(and --refer-after\)/,
    ],
    [
      'copies that the sink no longer knows',
      ['--rate', '20000', '--fault', 'duplicate=1%:10:1s'],
      /--fault duplicate: up to 200,000 events pass before the last copy at 20,000\/s.* 100,000 records of a partition/,
    ],
  ])('%s', async (_, args, message) => {
    await expect((async () => planOf(args))()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
  });

  it('key skew to a partition that the topic does not have', () => {
    const skewed = parseFaults(['key-skew=1%:4']);
    expect(() => refuseAbsentPartition(skewed, 'ratings', 4)).toThrow(
      '--fault key-skew: ratings has the partitions 0 to 3, not 4',
    );
    refuseAbsentPartition(skewed, 'ratings', 5);
    refuseAbsentPartition(parseFaults(['key-skew=0:9']), 'ratings', 4);
    refuseAbsentPartition(parseFaults(['drop=1%']), 'ratings', 4);
  });

  it('nothing else: every profile, sink and fault of the manual', async () => {
    await planOf([
      '--rate',
      '20000',
      '--fault',
      'all',
      '--profile',
      'ramp:1m',
      '--for',
      '1m',
      '--warmup',
      '5s',
    ]);
    await planOf(['--history', '--once', '--ledger', 'f', '--history-rate', '1000']);
    await planOf(['--find-max', '--for', '5s', '--rate', '100', '--sink', 'null']);
  });
});
