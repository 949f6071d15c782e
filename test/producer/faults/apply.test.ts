import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EARLIEST_EVENT_MS } from '../../../core/check.ts';
import { createInjector, reshape } from '../../../producer/faults/apply.ts';
import { type Fault, type PoisonForm, plainFault } from '../../../producer/faults/fault.ts';
import { ALL_FAULTS, parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createTestSource, intendedTsMs, type Played, playSpecs, RUN_ID } from './faulty-run.ts';

const COUNT = 4_000;
const played = (texts: readonly string[]) => playSpecs(parseFaults(texts).specs, COUNT);
const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const clean = (run: readonly Played[]) => run.filter(({ fault }) => fault === null);
const faulty = (run: readonly Played[]) => run.filter(({ fault }) => fault !== null);

describe('a fault that is switched on', () => {
  const without = played([]);
  const perEvent = ALL_FAULTS.filter((text) => text.includes('=')).map((text) =>
    text.replace(/=[\d.]+%/, '=10%'),
  );

  it.each(perEvent)('%s changes the events it hits and nothing else', (text) => {
    const run = played([text]);
    expect(hash(run.map(({ content }) => content))).toBe(hash(without.map(({ content }) => content)));
    const spared = new Set(clean(run).map(({ n }) => n));
    expect(hash(clean(run))).toBe(hash(without.filter(({ n }) => spared.has(n))));
    const changed = faulty(run);
    expect(changed.length).toBeGreaterThan(100);
    for (const { n, emissions } of changed) expect(hash(emissions)).not.toBe(hash(without[n]!.emissions));
  });

  it.each([
    ['the seed', 'drop=10%', 'drop=10%:seed=99'],
    ['the share', 'drop=10%', 'drop=11%'],
    ['the distribution', 'late=10%:exp:1h', 'late=10%:uniform:0s:2h'],
    ['the mean', 'late=10%:exp:1h', 'late=10%:exp:2h'],
    ['the window', 'reorder=10%:500ms', 'reorder=10%:600ms'],
    ['the copies', 'duplicate=10%:2:100ms', 'duplicate=10%:3:100ms'],
    ['the distance of copies', 'duplicate=10%:2:100ms', 'duplicate=10%:2:90ms'],
    ['the forms of domain', 'domain=10%', 'domain=10%:film_zero'],
    ['the forms of poison', 'poison=10%:json', 'poison=10%:empty'],
    ['the skew', 'clock-skew=10%:+10m', 'clock-skew=10%:+11m'],
    ['the partition', 'key-skew=10%:0', 'key-skew=10%:1'],
  ])('follows %s', (_, one, other) => {
    const [a, b] = [played([one]), played([other])];
    expect(hash(faulty(a))).not.toBe(hash(faulty(b)));
    expect(hash(a.map(({ content }) => content))).toBe(hash(b.map(({ content }) => content)));
  });
});

const content = createTestSource().content(1, intendedTsMs(1));
const event = { ...content, eventId: Buffer.alloc(16, 9) };
const inject = createInjector({ runId: RUN_ID });
const emit = (fault: Partial<Fault> & Pick<Fault, 'kind'>, value = Buffer.from('\0\0\0\0\x07bytes')) =>
  inject({ n: 12, key: Buffer.from('7'), event, value }, { ...plainFault(fault.kind), ...fault });

describe('the half before encoding', () => {
  it('moves event time, but never before 1995', () => {
    const late = { ...plainFault('late'), shiftMs: -1_000 };
    expect(reshape(content, late, 0)).toEqual({ ...content, tsMs: content.tsMs - 1_000 });
    const longAgo = { ...late, shiftMs: -1e15 };
    expect(reshape(content, longAgo, 0).tsMs).toBe(EARLIEST_EVENT_MS);
  });

  it('skews the clock of now, also where events of long ago are replayed', () => {
    const replayed = { ...content, tsMs: Date.UTC(1999, 0, 1) };
    const skewed = { ...plainFault('clock_skew'), shiftMs: 600_000 };
    expect(reshape(replayed, skewed, 5e12).tsMs).toBe(5e12 + 600_000);
  });

  it.each(['reorder', 'duplicate', 'drop', 'poison', 'key_skew'] as const)(
    '%s leaves the event alone',
    (kind) => {
      expect(reshape(content, plainFault(kind), 0)).toBe(content);
    },
  );
});

describe('the half after encoding', () => {
  it('sends nothing, later, again or elsewhere', () => {
    expect(emit({ kind: 'drop' })).toEqual([]);
    expect(emit({ kind: 'reorder', delayMs: 30 }).map(({ delayMs }) => delayMs)).toEqual([30]);
    const copies = emit({ kind: 'duplicate', copies: 2, delayMs: 40 });
    expect(copies.map(({ delayMs }) => delayMs)).toEqual([0, 40, 80]);
    expect(new Set(copies.map(({ value }) => value!.toString('hex'))).size).toBe(1);
    expect(emit({ kind: 'key_skew', partition: 3 }).map(({ partition }) => partition)).toEqual([3]);
  });

  it('heads the records that cannot say themselves which event they are, and no others', () => {
    const headers = { 'reelstream-run': RUN_ID, 'reelstream-event': '12' };
    for (const kind of ['poison', 'duplicate', 'reorder'] as const) {
      const records = emit({ kind, form: kind === 'poison' ? 'json' : '', copies: 1 });
      for (const record of records) expect(record.headers).toEqual({ ...headers, 'reelstream-fault': kind });
    }
    for (const kind of ['late', 'domain', 'key_skew', 'clock_skew'] as const) {
      expect(emit({ kind }).map((record) => record.headers)).toEqual([null]);
    }
  });

  it('never writes into the bytes it was given', () => {
    const forms: PoisonForm[] = ['no_magic', 'unknown_schema', 'truncated', 'oversize', 'trailing'];
    for (const form of forms) {
      const value = Buffer.from('\0\0\0\0\x07bytes');
      const poisoned = emit({ kind: 'poison', form }, value)[0]!.value!;
      expect(poisoned.equals(value)).toBe(false);
      expect(value.toString('latin1')).toBe('\0\0\0\0\x07bytes');
    }
  });

  it('makes oversize as large as asked for', () => {
    const oversize = (oversizeBytes?: number) =>
      createInjector({ runId: RUN_ID, ...(oversizeBytes && { oversizeBytes }) })(
        { n: 1, key: Buffer.from('7'), event, value: Buffer.from('\0\0\0\0\x07bytes') },
        { ...plainFault('poison'), form: 'oversize' },
      )[0]!.value!.length;
    expect([oversize(), oversize(5_001)]).toEqual([1_000_001, 5_001]);
  });

  it('cuts a truncated value after its header and before its end', () => {
    const value = Buffer.alloc(40);
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 22, max: 40 }), (n, length) => {
        const [cut] = inject(
          { n, key: Buffer.from('7'), event, value: value.subarray(0, length) },
          { ...plainFault('poison'), form: 'truncated' },
        );
        expect(cut!.value!.length).toBeGreaterThanOrEqual(5);
        expect(cut!.value!.length).toBeLessThan(length);
      }),
    );
  });
});
