import { describe, expect, it } from 'vitest';
import { DOMAIN_FORMS, FAULT_KINDS, POISON_FORMS } from '../../../producer/faults/fault.ts';
import { FAULT_HELP } from '../../../producer/faults/fault-help.ts';
import { ALL_FAULTS, parseFaults } from '../../../producer/faults/parse-faults.ts';
import { type FaultSpec, longestHoldMs } from '../../../producer/faults/spec.ts';

const one = (text: string): FaultSpec => parseFaults([text]).specs[0]!;

describe('fault specs', () => {
  it.each<[string, FaultSpec]>([
    [
      'late=1%:exp:1h',
      { kind: 'late', rate: 0.01, seed: null, lateness: { shape: 'exp', meanMs: 3_600_000 } },
    ],
    [
      'late=0.01:uniform:1m:2h',
      {
        kind: 'late',
        rate: 0.01,
        seed: null,
        lateness: { shape: 'uniform', fromMs: 60_000, toMs: 7_200_000 },
      },
    ],
    ['late=1:fixed:1m30s', { kind: 'late', rate: 1, seed: null, lateness: { shape: 'fixed', ms: 90_000 } }],
    ['reorder=2%:500ms:seed=0', { kind: 'reorder', rate: 0.02, seed: 0, windowMs: 500 }],
    ['duplicate=1%:2:100ms', { kind: 'duplicate', rate: 0.01, seed: null, copies: 2, apartMs: 100 }],
    ['drop=0.5%', { kind: 'drop', rate: 0.005, seed: null }],
    ['drop=0.5%:seed=9007199254740991', { kind: 'drop', rate: 0.005, seed: 2 ** 53 - 1 }],
    ['domain=0.5%', { kind: 'domain', rate: 0.005, seed: null, forms: DOMAIN_FORMS }],
    ['domain=0.5%:film_zero', { kind: 'domain', rate: 0.005, seed: null, forms: ['film_zero'] }],
    ['poison=1%:json,empty,json', { kind: 'poison', rate: 0.01, seed: null, forms: ['json', 'empty'] }],
    ['poison=1%:oversize:seed=4', { kind: 'poison', rate: 0.01, seed: 4, forms: ['oversize'] }],
    ['clock-skew=5%:+10m', { kind: 'clock_skew', rate: 0.05, seed: null, shiftMs: 600_000 }],
    ['clock-skew=5%:-1d', { kind: 'clock_skew', rate: 0.05, seed: null, shiftMs: -86_400_000 }],
    ['key-skew=20%:0', { kind: 'key_skew', rate: 0.2, seed: null, partition: 0 }],
  ])('reads %s', (text, spec) => {
    expect(one(text)).toEqual(spec);
  });

  it('reads when the schema changes', () => {
    expect(parseFaults(['schema-switch@30s', 'schema-refused@1m'])).toEqual({
      specs: [],
      schemaSwitchAtMs: 30_000,
      schemaRefusalAtMs: 60_000,
    });
    expect(parseFaults([])).toEqual({ specs: [], schemaSwitchAtMs: null, schemaRefusalAtMs: null });
  });

  it('leaves the megabytes of oversize to those who name it', () => {
    const { forms } = one('poison=1%') as Extract<FaultSpec, { kind: 'poison' }>;
    expect(forms).toEqual(POISON_FORMS.filter((form) => form !== 'oversize'));
  });

  it('reads "all" as a mix of every kind and form, where other specs replace their kind', () => {
    const all = parseFaults(['all']);
    expect(all.specs.map(({ kind }) => kind)).toEqual(FAULT_KINDS);
    expect(all.specs.every(({ rate }) => rate > 0)).toBe(true);
    expect(all.specs.find(({ kind }) => kind === 'poison')).toMatchObject({ forms: POISON_FORMS });
    expect(all).toMatchObject({ schemaSwitchAtMs: 30_000, schemaRefusalAtMs: 40_000 });
    const changed = parseFaults(['drop=0', 'all', 'schema-switch@1s']);
    expect(changed.specs.find(({ kind }) => kind === 'drop')?.rate).toBe(0);
    expect(changed.specs).toHaveLength(FAULT_KINDS.length);
    expect(changed).toMatchObject({ schemaSwitchAtMs: 1_000, schemaRefusalAtMs: 40_000 });
  });

  it.each([
    [
      'lateness=1%',
      '"lateness=" is not a fault: late=, reorder=, duplicate=, drop=, domain=, poison=, key-skew=',
    ],
    ['', '"" is not a fault'],
    ['clock_skew=1%:+10m', '"clock_skew=" is not a fault'],
    ['late@1%', '"late@" is not a fault'],
    ['schema-switch=30s', '"schema-switch=" is not a fault'],
    ['late', 'missing the share: a share from 0% to 100%, as 1% or 0.01'],
    ['late=1%', 'missing the distribution: one of exp, uniform, fixed'],
    ['late=101%:exp:1h', '"101%" is not the share: a share from 0% to 100%'],
    ['late=-1%:exp:1h', '"-1%" is not the share'],
    ['late=1e-2:exp:1h', '"1e-2" is not the share'],
    ['late=1%:gauss:1h', '"gauss" is not the distribution: one of exp, uniform, fixed'],
    ['late=1%:exp', 'missing the mean: a time from 1ms to 3650d, as 500ms, 1m30s or 2h'],
    ['late=1%:exp:1', '"1" is not the mean: a time'],
    ['late=1%:exp:0s', '"0s" is not the mean'],
    ['late=1%:uniform:2h:1h', '"1h" is not the longest lateness: a time from 2h to 3650d'],
    ['late=1%:exp:1h:2h', '"2h" is not expected here: the spec is complete without it'],
    ['reorder=1%:2m', '"2m" is not the window: a time from 1ms to 1m'],
    ['duplicate=1%:0:1ms', '"0" is not the number of further copies: a whole number from 1 to 100'],
    ['duplicate=1%:2:31s', '"31s" is not the time between copies: a time from 0ms to 30s'],
    ['drop=1%:seed=x', '"x" is not the seed: a whole number from 0 to 9007199254740991'],
    ['drop=1%:seed=9007199254740992', '"9007199254740992" is not the seed'],
    ['domain=1%:film_zero,nothing', '"film_zero,nothing" is not the forms, separated by commas: rating_step'],
    ['poison=1%:', '"" is not the forms, separated by commas: no_magic'],
    ['key-skew=1%:-1', '"-1" is not the partition: a whole number from 0'],
    ['clock-skew=1%:10m', '"10m" is not the skew: a time with its sign, as +10m or -2h, of at most 3650d'],
    ['clock-skew=1%:+5m', '"+5m" is not the skew: up to +4m (tolerated), or +10m and more (too fast)'],
    ['schema-switch@soon', '"soon" is not the time after the start'],
    ['schema-refused', 'missing the time after the start'],
  ])('refuses "%s" and says what is allowed', (text, message) => {
    expect(() => parseFaults([text])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(`--fault ${text}: ${message}`),
      }),
    );
  });

  it('refuses a kind given twice', () => {
    expect(() => parseFaults(['clock-skew=1%:+10m', 'all', 'clock-skew=2%:+10m'])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining('clock-skew is given twice'),
      }),
    );
  });

  it('helps with every kind, every form and what "all" stands for', () => {
    const words = FAULT_HELP.split(/[\s,;()]+/);
    const kinds = FAULT_KINDS.map((kind) => kind.replace('_', '-'));
    expect(kinds.filter((kind) => !words.some((word) => word.startsWith(`${kind}=<`)))).toEqual([]);
    expect([...DOMAIN_FORMS, ...POISON_FORMS].filter((form) => !words.includes(form))).toEqual([]);
    const mix = ALL_FAULTS.map((text) => text.replace(POISON_FORMS.join(','), '<every'));
    expect(mix.filter((text) => !words.includes(text))).toEqual([]);
    expect(FAULT_HELP.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});

describe('the longest hold', () => {
  it('is that of the kinds that are on', () => {
    expect(longestHoldMs(parseFaults([]).specs)).toBe(0);
    expect(longestHoldMs(parseFaults(['all']).specs)).toBe(500);
    expect(longestHoldMs(parseFaults(['duplicate=1%:5:200ms', 'reorder=1%:900ms']).specs)).toBe(1_000);
    expect(longestHoldMs(parseFaults(['duplicate=0:5:200ms', 'reorder=1%:900ms']).specs)).toBe(900);
  });
});
