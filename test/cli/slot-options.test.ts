import { describe, expect, it } from 'vitest';
import { parseSlots } from '../../cli/slot-options.ts';

describe('--slots', () => {
  it('is a list of numbers', () => {
    expect(parseSlots('3')).toEqual([3]);
    expect(parseSlots('0,65535')).toEqual([0, 65_535]);
  });

  it.each(['', '3,', ',3', '3,,4', ' ', '3, 4', '-1', '1.5', '1e2', '65536', 'x'])('is not %j', (text) => {
    expect(() => parseSlots(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
