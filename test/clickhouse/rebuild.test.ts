import { expect, it } from 'vitest';
import { parseMonth } from '../../clickhouse/rebuild.ts';

it('months are read as people write them', () => {
  expect(parseMonth('2026-02')).toBe(202602);
  for (const wrong of ['2026-13', '202602', 'may']) expect(() => parseMonth(wrong)).toThrow('is not a month');
});
