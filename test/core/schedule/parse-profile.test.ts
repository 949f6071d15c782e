import { describe, expect, it } from 'vitest';
import { ReelstreamError } from '../../../core/errors.ts';
import { MOVIELENS_RATINGS_BY_HOUR, meanOne } from '../../../core/schedule/movielens-day.ts';
import { parseProfile } from '../../../core/schedule/parse-profile.ts';
import { multiplyProfiles, type Shape } from '../../../core/schedule/profile.ts';

const DAY_MS = 86_400_000;
const weights = Array.from({ length: 24 }, (_, hour) => hour + 1);

describe('a profile as text', () => {
  it.each<[string, Shape]>([
    ['constant', { kind: 'constant' }],
    ['ramp:1m', { kind: 'ramp', durationMs: 60_000, from: 0, to: 1 }],
    ['ramp:1m30s:0.5:2', { kind: 'ramp', durationMs: 90_000, from: 0.5, to: 2 }],
    [
      'steps:30s@50,1m@200',
      {
        kind: 'steps',
        unit: 'rate',
        steps: [
          { durationMs: 30_000, value: 50 },
          { durationMs: 60_000, value: 200 },
        ],
        repeat: false,
      },
    ],
    [
      'steps:250ms@0.5x, 1s@2x, repeat',
      {
        kind: 'steps',
        unit: 'factor',
        steps: [
          { durationMs: 250, value: 0.5 },
          { durationMs: 1_000, value: 2 },
        ],
        repeat: true,
      },
    ],
    ['sine:10m:0.5', { kind: 'sine', periodMs: 600_000, amplitude: 0.5 }],
    ['diurnal', { kind: 'diurnal', periodMs: DAY_MS, weights: meanOne(MOVIELENS_RATINGS_BY_HOUR) }],
    ['diurnal:24m', { kind: 'diurnal', periodMs: 1_440_000, weights: meanOne(MOVIELENS_RATINGS_BY_HOUR) }],
    [`diurnal:1d:${weights.join(',')}`, { kind: 'diurnal', periodMs: DAY_MS, weights: meanOne(weights) }],
    ['burst:10:1m:5s', { kind: 'burst', factor: 10, when: { everyMs: 60_000 }, forMs: 5_000 }],
    ['dip:0.2:@5m:30s', { kind: 'dip', factor: 0.2, when: { atMs: 300_000 }, forMs: 30_000 }],
    ['dip:0:@0s:30s', { kind: 'dip', factor: 0, when: { atMs: 0 }, forMs: 30_000 }],
    ['replay', { kind: 'replay', speed: 1 }],
    ['replay:3600x', { kind: 'replay', speed: 3_600 }],
    ['batch:250±140/60±10', batch(250, 140, 60_000, 10_000)],
    ['batch:250+-140/60s+-2.5', batch(250, 140, 60_000, 2_500)],
    ['batch:1/60', batch(1, 0, 60_000, 0)],
  ])('%s', (text, shape) => {
    expect(parseProfile(text)).toEqual([shape]);
  });

  it('multiplies its pieces', () => {
    const product = parseProfile('diurnal * dip:0.5:10m:1m');
    expect(product).toEqual([...parseProfile('diurnal'), ...parseProfile('dip:0.5:10m:1m')]);
    expect(multiplyProfiles(parseProfile('diurnal'), parseProfile('dip:0.5:10m:1m'))).toEqual(product);
  });

  it('survives a way through JSON', () => {
    const profile = parseProfile('steps:1s@5*sine:3s:1*burst:2:9s:1s*dip:0:@1s:1s*diurnal');
    expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
  });

  it('reads the file a csv names, colons and all', () => {
    const asked: string[] = [];
    const readText = (path: string) => {
      asked.push(path);
      return 't,rate\n0,5\n';
    };
    expect(parseProfile('csv:C:/load.csv', { readText })).toEqual([
      { kind: 'csv', unit: 'rate', points: [{ ms: 0, value: 5 }] },
    ]);
    expect(asked).toEqual(['C:/load.csv']);
    expect(() => parseProfile('csv:load.csv')).toThrow(/cannot be read here/);
  });

  it.each([
    ['brust:5:1m:5s', 1, /"brust" is no profile; write constant, ramp, steps/],
    ['diurnal*brust', 9, /"brust" is no profile/],
    ['diurnal * ', 11, /a piece is missing/],
    ['', 1, /a piece is missing/],
    ['toString', 1, /is no profile/],
    ['constant:5', 1, /takes 0 fields/],
    ['ramp', 1, /takes 3 fields|takes 1/],
    ['ramp:1m:2', 1, /takes 3 fields/],
    ['ramp:0s', 1, /time "0s" is not a time above 0/],
    ['ramp:1w', 1, /time "1w"/],
    ['ramp:5000d', 1, /at most 3650d/],
    ['ramp:1m:-1:1', 1, /from "-1" is not a number from 0/],
    ['ramp:1m:0:0', 1, /both 0/],
    ['diurnal*steps:30s@50,1m', 9, /"1m" is not <time>@<rate>/],
    ['steps:30s@50,1m@2x', 1, /mixed/],
    ['steps:30s@0,1m@0', 1, /no step is above 0/],
    ['steps:repeat', 1, /no step is above 0/],
    ['steps:', 1, /"" is not <time>@<rate>/],
    ['sine:1m:1.5', 1, /amplitude "1.5" is not a number from 0 to 1; write sine:<period>:<amplitude 0 to 1>/],
    ['sine:1m:NaN', 1, /amplitude "NaN"/],
    ['diurnal:1d:1,2,3', 1, /3 weights, not 24/],
    [`diurnal:1d:${weights.map(() => 0).join(',')}`, 1, /no weight is above 0/],
    ['burst:0.5:1m:5s', 1, /factor "0.5" is not a number from 1/],
    ['burst:5:5s:5s', 1, /not shorter/],
    ['dip:1.5:1m:5s', 1, /factor "1.5" is not a number from 0 to 1/],
    ['dip:0.5:@x:5s', 1, /at "x"/],
    ['csv:', 1, /the file is missing/],
    ['replay:0', 1, /speed is not above 0/],
    ['batch:250', 1, /not <records>\/<interval>/],
    ['batch:0/60', 1, /records "0" is not a number from 1/],
    ['batch:2.5/60', 1, /records "2.5" is not a whole number/],
    ['batch:5+-/60', 1, /not <records>\/<interval>/],
    ['batch:5/60+-5w', 1, /jitter of the interval "5w"/],
  ])('refuses %j, pointing at character %d', (text, position, message) => {
    const error = errorOf(() => parseProfile(text));
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`character ${position})`);
    expect(error.details).toMatchObject({ position });
  });

  it.each(['steps:1s@5*steps:1s@5', 'batch:5/60*replay', 'steps:1s@5 * batch:1/60'])(
    'refuses %s: only one piece may set the rate',
    (text) => {
      expect(errorOf(() => parseProfile(text)).message).toMatch(/each set the rate themselves/);
    },
  );
});

function batch(records: number, recordsJitter: number, intervalMs: number, intervalJitterMs: number): Shape {
  return { kind: 'batch', records, recordsJitter, intervalMs, intervalJitterMs };
}

function errorOf(body: () => unknown): ReelstreamError {
  try {
    body();
  } catch (error) {
    if (error instanceof ReelstreamError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
