import { describe, expect, it } from 'vitest';
import { plainFault } from '../../../producer/faults/fault.ts';
import { parseFaults } from '../../../producer/faults/parse-faults.ts';
import { createToCatch, mustCatch } from '../../../producer/faults/to-catch.ts';

const twice = { ...plainFault('duplicate'), copies: 2 };

describe('records that must be caught', () => {
  it('count when they are acknowledged, and not when Kafka refused them', () => {
    const toCatch = createToCatch();
    toCatch.sent(3, { ...plainFault('poison'), form: 'oversize' }, 1);
    toCatch.sent(4, { ...plainFault('poison'), form: 'json' }, 1);
    toCatch.sent(5, plainFault('late'), 1);
    expect(toCatch.byReason()).toEqual({});
    toCatch.settled(3, true);
    for (const i of [2, 4, 5, 6]) toCatch.settled(i, false);
    expect(toCatch.byReason()).toEqual({ bad_magic: 1 });
  });

  it('are the copies of a duplicate beyond the first that is there, each when it is', () => {
    const toCatch = createToCatch();
    toCatch.sent(0, twice, 3);
    const counted = [false, false, false].map((failed) => {
      toCatch.settled(0, failed);
      return toCatch.byReason().duplicate ?? 0;
    });
    expect(counted).toEqual([0, 1, 2]);
    toCatch.sent(1, twice, 3);
    for (const failed of [true, false, false]) toCatch.settled(1, failed);
    expect(toCatch.byReason().duplicate).toBe(3);
  });

  it('come from some faults only', () => {
    const of = (...faults: string[]) => mustCatch(parseFaults(faults).specs);
    expect(of('late=1%:exp:1h', 'drop=1%', 'key-skew=20%:0', 'reorder=2%:500ms')).toBe(false);
    for (const one of ['duplicate=1%:2:1s', 'poison=1%', 'domain=1%', 'clock-skew=1%:+10m']) {
      expect([one, of('drop=1%', one)]).toEqual([one, true]);
    }
  });
});
