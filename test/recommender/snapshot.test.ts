import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../recommender/engines/create-engine.ts';
import { optionsFromText, recommenderDefaults } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';
import { copySnapshot, type Snapshot, stateHash } from '../../recommender/state/snapshot.ts';
import { rated, someEvents } from './events.ts';

const answers = (recommender: Recommender) =>
  [1, 2, 3, 4, 5, 6, 7].map((user) => recommender.recommend(user, 5));

describe.each(ENGINES)('a snapshot of %s', (name) => {
  const options = recommenderDefaults(name);

  it('goes on with the same bits wherever the run is cut', () => {
    fc.assert(
      fc.property(someEvents(120), fc.nat(120), fc.nat(3), (events, cut, rounds) => {
        const whole = createRecommender(options);
        const first = createRecommender(options);
        for (const event of events.slice(0, cut)) {
          whole.apply(event);
          first.apply(event);
        }
        const second = createRecommender(options, copySnapshot(first.snapshot()));
        expect(stateHash(second.snapshot())).toBe(stateHash(first.snapshot()));
        for (const event of events.slice(cut)) {
          whole.apply(event);
          second.apply(event);
        }
        expect(second.replay(rounds)).toBe(whole.replay(rounds));
        expect(stateHash(second.snapshot())).toBe(stateHash(whole.snapshot()));
        expect(answers(second)).toEqual(answers(whole));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses updates that are no numbers, counts them, and keeps them from spreading', () => {
    const healthy = createRecommender(options);
    for (let user = 1; user <= 6; user++) {
      for (let movie = 1; movie <= 12; movie++) healthy.apply(rated(user, movie, 3));
    }
    const poisoned = copySnapshot(healthy.snapshot());
    for (const { name: array, array: values } of poisoned.arrays) {
      if (/^(sgd|rows)\.user\.(factors|bias|mean|moments|a|b)$/.test(array)) {
        values.fill(Number.NaN, 0, values.length / 6);
      }
    }
    const sick = createRecommender(options, poisoned);
    sick.apply(rated(1, 13, 3));
    sick.apply(rated(2, 13, 4));
    sick.replay(20);
    expect(sick.refused().updates).toBeGreaterThan(0);
    for (let user = 2; user <= 6; user++) expect(sick.predict(user, 1)).toBeGreaterThan(2);
  });
});

describe('restoring', () => {
  const options = recommenderDefaults('sgd');
  const learned = (): Snapshot => {
    const recommender = createRecommender(options);
    recommender.apply(rated(1, 1, 3));
    return copySnapshot(recommender.snapshot());
  };
  const restored = (snapshot: Snapshot) => () => createRecommender(options, snapshot);

  it('refuses another format, other settings, and arrays that are missing, short or of another type', () => {
    const { header, arrays } = learned();
    expect(restored({ header: { ...header, format: 0 }, arrays })).toThrow('format 0');
    expect(restored({ header: { ...header, settings: '{}' }, arrays })).toThrow('seed unknown, not 4');
    expect(restored({ header, arrays: arrays.slice(1) })).toThrow('is missing');
    const change = (array: (values: Float32Array) => Float32Array | Float64Array) =>
      arrays.map((item) =>
        item.name === 'sgd.user.factors' ? { ...item, array: array(item.array as Float32Array) } : item,
      );
    expect(restored({ header, arrays: change((values) => values.slice(1)) })).toThrow('has 49 values');
    expect(restored({ header, arrays: change((values) => Float64Array.from(values)) })).toThrow(
      'Float64Array',
    );
  });

  it.each([
    { replayBudget: 49 },
    { replayInPath: false },
    { maxUsers: 10 },
    { maxFilms: 10 },
    { ranking: false },
    { seed: 5 },
  ])('names the setting that changed: %j', (change) => {
    const [[name, value]] = Object.entries(change) as [[keyof typeof options, unknown]];
    const other = { ...options, ...change };
    const told = `it was learned with ${name} ${options[name]}, not ${value}`;
    expect(() => createRecommender(other, learned())).toThrow(told);
    const { header } = learned();
    expect(optionsFromText(header.settings)).toEqual(options);
  });

  it('has a hash that every bit moves, and no room for growth does', () => {
    const { header, arrays } = learned();
    const before = stateHash({ header, arrays });
    expect(stateHash(createRecommender(options, { header, arrays }).snapshot())).toBe(before);
    for (const { array } of arrays) {
      if (array.length === 0) continue;
      const bytes = new Uint8Array(array.buffer);
      bytes[bytes.length - 1]! ^= 1;
      expect(stateHash({ header, arrays })).not.toBe(before);
      bytes[bytes.length - 1]! ^= 1;
    }
  });
});
