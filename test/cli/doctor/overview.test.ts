import { describe, expect, it } from 'vitest';
import { freshnessFinding } from '../../../cli/doctor/overview.ts';

const NOW_MS = 1_000_000;
const canaries = (...atMs: number[]) => new Map(atMs.map((at, partition) => [partition, at]));

describe('freshness', () => {
  it('is the oldest of the newest canaries: one partition that stands still shows', () => {
    expect(freshnessFinding(NOW_MS, canaries(999_000, 995_500), null)).toEqual({
      what: 'freshness',
      health: 'ok',
      detail: 'the newest canary of every partition is at most 4.5 s old',
    });
    expect(freshnessFinding(NOW_MS, canaries(999_000, 960_000), 999_999).health).toBe('warn');
  });

  it('without canaries is the newest row, which may be old because nothing comes', () => {
    const finding = freshnessFinding(NOW_MS, canaries(), 400_000);
    expect(finding).toMatchObject({
      health: 'ok',
      detail: expect.stringContaining('600.0 s old; no canaries'),
    });
    expect(freshnessFinding(NOW_MS, canaries(), null)).toMatchObject({
      health: 'warn',
      detail: 'there are no rows yet',
    });
  });
});
