import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEDUPE_WINDOW_OFFSETS } from '../../../core/dedupe-window.ts';
import { createClaims } from '../../../producer/verify/claims.ts';
import { ANY_OUTCOME, codeOf } from '../../../producer/verify/outcome.ts';
import { footerOf, headerOf } from '../ledger/fixture.ts';
import { type Book, claimsOf, headersOf, match, type Placed, place, type Sent } from './fixture.ts';

const PARTITIONS = 3;
const personOf = (n: number, users: number) => ({ user: 1 + ((n * 7) % users), partition: 0 });

/** A run in which anything that may happen on purpose does, and its log. */
interface Run {
  readonly book: Book;
  readonly sent: readonly Sent[];
}

const anyRun: fc.Arbitrary<Run> = fc
  .record({
    users: fc.integer({ min: 1, max: 12 }),
    workers: fc.integer({ min: 1, max: 3 }),
    first: fc.nat({ max: 100 }),
    fates: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.constant('clean') },
        fc.constantFrom('late', 'duplicate', 'reorder', 'drop', 'overloaded', 'poison/tombstone', 'key_skew'),
      ),
      { minLength: 5, maxLength: 60 },
    ),
    spread: fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
  })
  .map(({ users, workers, first, fates, spread }) => {
    const numberOf = (i: number) => first + i * workers;
    const turns: { readonly turn: number; readonly sent: Sent }[] = [];
    fates.forEach((fate, i) => {
      const n = numberOf(i);
      const person = personOf(n, users);
      const partition = fate === 'key_skew' ? 0 : person.user % PARTITIONS;
      const sent: Sent = { n, user: person.user, partition };
      const later = () => i + spread.next().value;
      if (fate === 'drop' || fate === 'overloaded') return;
      if (fate === 'reorder') turns.push({ turn: later(), sent });
      else if (fate === 'poison/tombstone')
        turns.push({ turn: i, sent: { ...sent, value: null, headers: headersOf(n, 'poison') } });
      else turns.push({ turn: i, sent });
      if (fate === 'duplicate') turns.push({ turn: later(), sent }, { turn: later(), sent });
    });
    const numbersOf = (fate: string) => fates.flatMap((one, i) => (one === fate ? [numberOf(i)] : []));
    const labels = fates.flatMap((fate, i) =>
      fate === 'clean' || fate === 'overloaded'
        ? []
        : [[numberOf(i), fate, fate === 'duplicate' ? 2 : 0] as const],
    );
    return {
      book: {
        first,
        workers,
        next: numberOf(fates.length),
        faults: labels,
        overloaded: numbersOf('overloaded'),
      },
      sent: turns.sort((a, b) => a.turn - b.turn).map(({ sent }) => sent),
    };
  });

const names = (matched: ReturnType<typeof match>) =>
  matched.differences.map(({ kind, event }) => `${kind} ${event}`);
const faultOf = ({ book }: Run, n: number) => book.faults?.find(([number]) => number === n);

describe('matching', () => {
  it('finds nothing to say about a run that did what it wrote down', () => {
    fc.assert(
      fc.property(anyRun, ({ book, sent }) => {
        const matched = match(claimsOf(book), place(sent));
        expect(matched).toMatchObject({
          total: 0,
          unacknowledgedEvents: 0,
          failedEvents: 0,
          unacknowledgedRepeats: 0,
        });
        expect(matched.records).toBe(sent.length);
        expect(matched.events).toBe(new Set(sent.map(({ n }) => n)).size);
        expect(matched.copies).toBe(sent.length - matched.events);
        const met = new Set<number>();
        const expected = sent.map(({ n, value }) => {
          const isFirst = !met.has(n);
          met.add(n);
          return value === null ? codeOf('decode') : codeOf(isFirst ? 'ok' : 'duplicate');
        });
        expect(matched.codes).toEqual(expected);
      }),
    );
  });

  it('misses every acknowledged record that is taken out, and names its event', () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), (run, choice) => {
        fc.pre(run.sent.length > 0);
        const taken = choice % run.sent.length;
        const { n } = run.sent[taken]!;
        const kind = faultOf(run, n)?.[1] === 'duplicate' ? 'missing_copy' : 'missing';
        const left = run.sent.filter((_, i) => i !== taken);
        expect(names(match(claimsOf(run.book), place(left)))).toEqual([`${kind} ${n}`]);
      }),
    );
  });

  it('sees every record that is there once too often', () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), fc.nat(), (run, choice, where) => {
        fc.pre(run.sent.length > 0);
        const again = run.sent[choice % run.sent.length]!;
        const sent = run.sent.toSpliced(where % (run.sent.length + 1), 0, again);
        const found = match(claimsOf(run.book), place(sent));
        expect(names(found)).toContain(`duplicate ${again.n}`);
        expect(found.differences.find(({ kind }) => kind === 'duplicate')).toMatchObject({
          partition: again.partition,
        });
      }),
    );
  });

  it("sees two records of a person's that changed places", () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), (run, choice) => {
        const inTurn = run.sent.flatMap((one, i) => {
          const label = faultOf(run, one.n)?.[1];
          return label === 'reorder' || label === 'duplicate' ? [] : [{ ...one, i }];
        });
        const pairs = inTurn.flatMap((a) =>
          inTurn
            .filter((b) => b.i > a.i && b.user === a.user && b.partition === a.partition)
            .map((b) => [a, b] as const),
        );
        fc.pre(pairs.length > 0);
        const [a, b] = pairs[choice % pairs.length]!;
        const swapped = run.sent.with(a.i, run.sent[b.i]!).with(b.i, run.sent[a.i]!);
        const found = match(claimsOf(run.book), place(swapped));
        expect(names(found)).toContain(`order ${a.n}`);
        expect(found.differences.every(({ kind }) => kind === 'order')).toBe(true);
      }),
    );
  });

  it('sees records of events that were never made, were kept back, or belong to another worker', () => {
    const book: Book = {
      workers: 2,
      worker: 0,
      first: 11,
      next: 21,
      runAhead: 4,
      overloaded: [13],
      faults: [[15, 'drop']],
    };
    const sent = [11, 17, 19].map((n) => ({ n, user: 1, partition: 0 }));
    expect(match(claimsOf(book), place(sent)).total).toBe(0);
    for (const n of [9, 12, 13, 15, 39, 2 ** 40]) {
      const found = match(claimsOf(book), place([...sent, { n, user: 2, partition: 1 }]));
      expect(found.differences).toMatchObject([{ kind: 'not_generated', event: n, partition: 1, offset: 0 }]);
    }
  });

  it('leaves records of others alone', () => {
    const claims = claimsOf({ next: 1 });
    const other = { n: 0, user: 1, partition: 0 };
    const [own, foreign, unreadable, lying] = place([
      other,
      { ...other, value: null, headers: headersOf(0, 'poison', '00000000000000f') },
      { ...other, value: Buffer.from('hello') },
      { ...other, value: null, headers: new Map([['reelstream-run', '00c0ffee0000042']]) },
    ]) as [Placed, Placed, Placed, Placed];
    const matched = match(claims, [own, foreign, unreadable, lying]);
    expect(matched).toMatchObject({ total: 0, records: 1, foreign: 3 });
    expect(matched.codes).toEqual([codeOf('ok'), ANY_OUTCOME, ANY_OUTCOME, ANY_OUTCOME]);
  });

  it('counts events that failed and got through nevertheless', () => {
    const sent = [0, 1, 2].map((n) => ({ n, user: 1, partition: 0 }));
    const claims = claimsOf({ next: 4, failed: [1, 3] });
    const found = match(claims, place(sent));
    expect(found).toMatchObject({ total: 0, failedEvents: 1, events: 3 });
    expect(found.codes).toEqual(Array(3).fill(codeOf('ok')));
  });

  it('names ten of each kind, the first by number, in whatever order the log has them', () => {
    const sent = Array.from({ length: 100 }, (_, i) => ({ n: (i * 37) % 100, user: i, partition: 0 }));
    const found = match(claimsOf({ next: 300 }), place([...sent, ...sent]));
    expect(names(found)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `missing ${100 + i}`),
      ...Array.from({ length: 10 }, (_, i) => `duplicate ${i}`),
    ]);
    expect(found.total).toBe(300);
  });
});

describe('matching a run that was killed', () => {
  const at = (n: number): Sent => ({ n, user: 1, partition: 0 });

  it('takes what comes after the last checkpoint as it is', () => {
    const claims = claimsOf({ next: 3, runAhead: 5, faults: [[4, 'poison/empty']] });
    const found = match(claims, place([0, 1, 2, 3, 4, 5, 7, 5, 6].map(at)));
    expect(found).toMatchObject({ total: 0, unacknowledgedEvents: 5, unacknowledgedRepeats: 1 });
    // what was said about event 4 holds; of the others nothing is known, not even whether they were to be good
    expect(found.codes.slice(3, 6)).toEqual([ANY_OUTCOME, codeOf('bad_magic'), ANY_OUTCOME]);
    expect(names(match(claims, place([0, 1, 2, 23].map(at))))).toEqual(['not_generated 23']);
  });

  it('and went on under another ledger counts what was sent again', () => {
    const killed: Book = { next: 3, runAhead: 5 };
    const wentOn: Book = { first: 3, next: 8 };
    const sent = [0, 1, 2, 3, 4, 3, 4, 5, 6, 7].map(at);
    const found = match(claimsOf(killed, wentOn), place(sent));
    expect(found).toMatchObject({ total: 0, unacknowledgedRepeats: 2, unacknowledgedEvents: 0 });
    expect(found.codes).toEqual([
      ...Array(5).fill(codeOf('ok')),
      ...Array(2).fill(codeOf('duplicate')),
      ...Array(3).fill(codeOf('ok')),
    ]);
    expect(names(match(claimsOf(killed, wentOn), place(sent.filter(({ n }) => n !== 6))))).toEqual([
      'missing 6',
    ]);
    // alone, the second ledger learns from the log before it what its own records are duplicates of
    const alone = match(claimsOf(wentOn), place(sent.slice(5), 5), place(sent.slice(0, 5)));
    expect(alone.total).toBe(0);
    expect(alone.codes).toEqual([...Array(2).fill(codeOf('duplicate')), ...Array(3).fill(codeOf('ok'))]);
  });
});

describe('the expected verdict of copies', () => {
  const duplicated = claimsOf({ next: 1, faults: [[0, 'duplicate', 3]] });
  const copiesAt = (...offsets: number[]) =>
    match(
      duplicated,
      offsets.map((offset) => ({ n: 0, user: 1, partition: 0, offset })),
    ).codes;
  const [ok, duplicate] = [codeOf('ok'), codeOf('duplicate')];

  it('is duplicate within the window of the last one that counted, and ok behind it', () => {
    const w = DEDUPE_WINDOW_OFFSETS;
    expect(copiesAt(5, 6, 7, 5 + w)).toEqual([ok, duplicate, duplicate, duplicate]);
    expect(copiesAt(5, 6, 6 + w, 7 + w)).toEqual([ok, duplicate, ok, duplicate]);
  });
});

describe('the ledgers of several workers', () => {
  const footer = footerOf({ generated: 3, acknowledged: 3 });
  const books = [0, 1].map((worker): Book => ({ worker, workers: 2, next: 6, footer }));
  const found = (numbers: readonly number[]) =>
    names(match(claimsOf(...books), place(numbers.map((n) => ({ n, user: 9, partition: 0 })))));

  it('are one account, in which workers do not wait for each other', () => {
    expect(found([1, 0, 3, 5, 2, 4])).toEqual([]);
    expect(found([1, 0, 3, 5, 4])).toEqual(['missing 2']);
    expect(found([1, 0, 5, 3, 2, 4])).toEqual(['order 3']);
    expect(found([1, 0, 3, 5, 2, 4, 6])).toEqual(['not_generated 6']);
  });

  it('of two runs are refused', () => {
    const builder = createClaims();
    builder.begin(headerOf({ runId: '00000000000000a' }));
    builder.end(null);
    expect(() => builder.begin(headerOf())).toThrow(/two runs/);
  });

  it('of a run that wrote to no topic prove nothing', () => {
    const builder = createClaims();
    builder.begin(headerOf({ log: null }));
    builder.end(footerOf());
    expect(() => builder.build()).toThrow(/no Kafka topic/);
  });
});
