import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { buildLaneParts } from '../../../cli/produce/lane-parts.ts';
import { addProduceOptions } from '../../../cli/produce/options.ts';
import { createEventIds } from '../../../core/event-id.ts';
import { planOf } from './plans.ts';

/** What an option may change: what events say, when they are due, what goes wrong, their ids, the bytes that carry them. */
const ASPECTS = ['content', 'timing', 'faults', 'ids', 'wire'] as const;
type Aspect = (typeof ASPECTS)[number];

/** Command line as data: an option has one value, several, or none (a switch). */
type Knobs = Readonly<Record<string, string | readonly string[] | true>>;

const EVENTS = 3_000;
const START_MS = Date.UTC(2024, 0, 1);
const folder = mkdtempSync(join(tmpdir(), 'reelstream-knobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const FILMS = Array.from({ length: 200 }, (_, i) => i + 1);
const distributionOf = (share: number) => [
  'index,movieId,rating,prob',
  ...FILMS.flatMap((film) => [`0,${film},${(film % 9) / 2 + 0.5},${share}`, `1,${film},5.0,${1 - share}`]),
];
const ratings = file('ratings.csv', [
  'userId,movieId,rating,timestamp',
  ...Array.from({ length: EVENTS }, (_, i) => `${(i % 50) + 1},${(i % 190) + 1},3.5,${1_000_000 + i * 3}`),
]);

/** Something of everything, so that every knob has something to turn. Clocks are left out: they belong to people. */
const BASE: Knobs = {
  '--seed': '1',
  '--fault-seed': '2',
  '--run-id': 'aa',
  '--rate': '1000',
  '--distribution': file('distribution.csv', distributionOf(0.6)),
  '--counts': file('counts.csv', ['movieId,ratings', ...FILMS.map((film) => `${film},${1_000 - film}`)]),
  '--popularity': 'zipf:0.5',
  '--users': '1-600',
  '--new-users': '0.02',
  '--new-films': '0.01',
  '--unknown-films': '0.02',
  '--re-ratings': '0.1',
  '--re-rating-window': '2000',
  '--refer-after': '300',
  '--watches': '0.1',
  '--fault': ['late=2%:exp:1h', 'duplicate=2%:1:5ms', 'poison=2%:json,empty', 'drop=2%'],
};
const faults = BASE['--fault'] as readonly string[];

interface Variation {
  readonly option: string;
  /** null: without it */
  readonly change: Readonly<Record<string, Knobs[string] | null>>;
  readonly changes: readonly Aspect[];
}

const vary = (option: string, value: Knobs[string], changes: readonly Aspect[]): Variation => ({
  option,
  change: { [option]: value },
  changes,
});
const addFault = (spec: string, changes: readonly Aspect[] = ['faults']): Variation => ({
  option: '--fault',
  change: { '--fault': [...faults, spec] },
  changes,
});
const CONTENT = ['content', 'wire'] as const;
const range = { '--new-users': null, '--new-user-range': '900-950' } as const;

const VARIATIONS: readonly Variation[] = [
  vary('--distribution', file('other.csv', distributionOf(0.3)), CONTENT),
  vary(
    '--counts',
    file('other-counts.csv', ['movieId,ratings', ...FILMS.map((film) => `${film},${film}`)]),
    CONTENT,
  ),
  vary('--popularity', 'uniform', CONTENT),
  vary('--users', '1-700', CONTENT),
  vary('--activity', 'uniform', CONTENT),
  vary('--new-users', '0.03', CONTENT),
  vary('--new-users-from', '5000', CONTENT),
  vary('--new-films', '0.02', CONTENT),
  vary('--new-films-from', '5000', CONTENT),
  vary('--follow-ups', '3', CONTENT),
  vary('--refer-after', '200', CONTENT),
  vary('--unknown-films', '0.05', CONTENT),
  vary('--re-ratings', '0.2', CONTENT),
  vary('--re-rating-window', '500', CONTENT),
  vary('--watches', '0.2', CONTENT),
  { option: '--new-user-range', change: range, changes: CONTENT },
  {
    option: '--new-user-probability',
    change: { ...range, '--new-user-probability': '0.9' },
    changes: CONTENT,
  },
  {
    option: '--legacy-swapped-ranges',
    change: { ...range, '--legacy-swapped-ranges': true },
    changes: CONTENT,
  },
  vary('--seed', '0', ['content', 'timing', 'wire']),
  {
    option: '--seed',
    change: { '--seed': '3', '--fault-seed': null },
    changes: [...CONTENT, 'timing', 'faults'],
  },
  vary('--rate', '1500', ['timing']),
  vary('--jitter', 'none', ['timing']),
  vary('--jitter', 'uniform', ['timing']),
  ...[
    'ramp:2s',
    'steps:1s@100,1s@5000',
    'sine:1s:0.5',
    'diurnal:24s',
    'diurnal',
    'burst:5:1s:100ms',
    'dip:0:1s:100ms',
    `csv:${file('rate.csv', ['t,rate', '0,100', '5,2000'])}`,
    'batch:250+-140/1+-0.5',
  ].map((profile) => vary('--profile', [profile], ['timing'])),
  {
    option: '--ratings',
    change: { '--profile': ['replay:1000'], '--ratings': ratings },
    changes: ['content', 'timing', 'wire'],
  },
  vary('--fault-seed', '3', ['faults']),
  vary('--fault', faults.slice(1), ['faults']),
  addFault('reorder=2%:5ms'),
  addFault('domain=2%'),
  addFault('key-skew=2%:1'),
  addFault('clock-skew=2%:-1h'),
  addFault('reorder=2%:5ms:seed=9'),
  addFault('schema-switch@1s', ['wire']),
  addFault('schema-refused@1s', []),
  vary('--run-id', 'ab', ['ids']),
  vary('--source', 'test', ['wire']),
  { option: '--format', change: { '--format': 'json', '--fault': [] }, changes: ['faults', 'wire'] },
  ...(
    [
      ['--workers', '4'],
      ['--run-ahead', '100'],
      ['--overload', 'block'],
      ['--drop-after', '1s'],
      ['--for', '1m'],
      ['--count', '100000'],
      ['--warmup', '10s'],
      ['--sink', 'null'],
      ['--create-topic', true],
      ['--ledger', 'run.ledger'],
      ['--min-achieved', '50'],
      ['--dry-run', true],
      ['--report', 'run.html'],
      ['--report-json', 'run.json'],
      ['--json', true],
    ] as const
  ).map(([option, value]) => vary(option, value, [])),
];

/** Others that make another kind of run: they have tests of their own. */
const OF_OTHER_RUNS = ['--history', '--history-rate', '--once', '--find-max', '--out'];

function argsOf(knobs: Variation['change']): string[] {
  return Object.entries(knobs).flatMap(([option, value]) => {
    if (value === null) return [];
    if (value === true) return [option];
    return typeof value === 'string' ? [option, value] : value.flatMap((one) => [option, one]);
  });
}

async function hashesOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Record<Aspect, string>> {
  const plan = await planOf(args, environment);
  const destination = { topic: 'ratings', log: null, schemaId: 1, switchedSchemaId: 2 };
  const { source, scheduleFrom, faults: faultPlan, encode } = await buildLaneParts(plan, destination);
  const schedule = scheduleFrom(START_MS);
  const eventId = createEventIds(plan.runId);
  const hashes = ASPECTS.map((aspect) => [aspect, createHash('sha256')] as const);
  const [content, timing, faulty, ids, wire] = hashes.map(([, hash]) => hash);
  const noId = new Uint8Array(16);
  for (let n = 0; n < EVENTS; n++) {
    const event = source.content(n, START_MS);
    const { userId, movieId, kind, rating } = event;
    content!.update(`${userId},${movieId},${kind},${rating}\n`);
    timing!.update(`${schedule.intendedMs(n)}\n`);
    faulty!.update(`${JSON.stringify(faultPlan.of(n, userId))}\n`);
    ids!.update(eventId(n));
    wire!.update(encode({ ...event, tsMs: START_MS, eventId: noId }, n));
  }
  return Object.fromEntries(hashes.map(([aspect, hash]) => [aspect, hash.digest('hex')])) as Record<
    Aspect,
    string
  >;
}

const differing = (a: Record<Aspect, string>, b: Record<Aspect, string>) =>
  ASPECTS.filter((aspect) => a[aspect] !== b[aspect]);
const inOrder = (aspects: readonly Aspect[]) => ASPECTS.filter((aspect) => aspects.includes(aspect));

describe('every option of produce', async () => {
  const base = await hashesOf(argsOf(BASE));

  it('left alone, gives the same run', async () => {
    expect(await hashesOf(argsOf(BASE))).toEqual(base);
  });

  it.each(
    VARIATIONS.map(({ option, change, changes }) => ({
      name: `${option} ${JSON.stringify(change[option] ?? null).slice(0, 60)}`,
      what: changes.length === 0 ? 'nothing' : inOrder(changes).join(', '),
      change,
      changes,
    })),
  )('$name changes $what', async ({ change, changes }) => {
    const changed = await hashesOf(argsOf({ ...BASE, ...change }));
    expect(differing(base, changed)).toEqual(inOrder(changes));
  });

  it('is in this table', () => {
    const known = addProduceOptions(new Command('produce')).options.map(({ long }) => long!);
    const tried = new Set([...VARIATIONS.map(({ option }) => option), ...OF_OTHER_RUNS]);
    expect(known.filter((option) => !tried.has(option))).toEqual([]);
  });
});

describe('every variable of MoviesMatchDataGenerator', async () => {
  const BASE_VARIABLES = {
    MOVIES_MATCH_RANDOM_SEED: '7',
    MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE: BASE['--distribution'] as string,
    MOVIES_MATCH_RECORDS_TO_GENERATE: '5',
    MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC: '0.5',
  };
  const args = ['--run-id', 'aa', '--fault', 'drop=2%'];
  const base = await hashesOf(args, BASE_VARIABLES);

  it.each<[string, string, readonly Aspect[]]>([
    ['MOVIES_MATCH_LOG_LEVEL', 'ERROR', []],
    ['MOVIES_MATCH_GENERATE_INTERVAL_SEC', '1.5', ['timing']],
    ['MOVIES_MATCH_GENERATE_INTERVAL_JITTER_SEC', '2.5', ['timing']],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE', '6', ['timing']],
    ['MOVIES_MATCH_RECORDS_TO_GENERATE_JITTER', '2', ['timing']],
    ['MOVIES_MATCH_EXISTING_USERS_FIRST_ID', '10', CONTENT],
    ['MOVIES_MATCH_EXISTING_USERS_LAST_ID', '5000', CONTENT],
    ['MOVIES_MATCH_NEW_USERS_FIRST_ID', '300100', CONTENT],
    ['MOVIES_MATCH_NEW_USERS_LAST_ID', '300400', CONTENT],
    ['MOVIES_MATCH_NEW_USER_RATING_PROB', '0.1', CONTENT],
    ['MOVIES_MATCH_MOVIES_RATINGS_DISTRIBUTION_FILE', file('third.csv', distributionOf(0.2)), CONTENT],
    ['MOVIES_MATCH_RANDOM_SEED', '8', [...CONTENT, 'timing', 'faults']],
  ])('%s=%s changes %j', async (variable, value, changes) => {
    const changed = await hashesOf(args, { ...BASE_VARIABLES, [variable]: value });
    expect(differing(base, changed)).toEqual(inOrder(changes));
  });

  it('MOVIES_MATCH_RANDOM_SEED=0 is another run every time', async () => {
    const random = { ...BASE_VARIABLES, MOVIES_MATCH_RANDOM_SEED: '0' };
    expect(differing(await hashesOf(args, random), await hashesOf(args, random))).toContain('content');
  });
});
