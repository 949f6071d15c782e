import { describe, expect, it } from 'vitest';
import { answersFromS, explainNoTrend, sayNoTrend, trendWindows } from '../../../cli/ask/why-no-trend.ts';
import type { ClickHouse } from '../../../clickhouse/connection.ts';

const at = (time: string) => Date.parse(`2026-03-02T${time}Z`) / 1_000;

describe('an empty trending', () => {
  it.each([
    ['movie', 3_600, '12:34:56', '10:00:00', '11:00:00', '14:00:00'],
    ['company', 5_400, '12:34:56', '08:00:00', '10:00:00', '15:00:00'],
    ['genre', 300, '12:34:56', '12:24:00', '12:29:00', '12:06:00'],
  ] as const)('by %s names its windows and when it can answer', (by, windowS, now, before, since, from) => {
    const windows = trendWindows(by, windowS, at(now));
    expect(windows).toMatchObject({ beforeFromS: at(before), thisFromS: at(since) });
    const first = at('12:00:00');
    const answers = answersFromS(windows, first);
    expect(answers).toBe(at(from));
    // that is the first moment at which the bucket lies before this window, and not a bucket sooner
    expect(trendWindows(by, windowS, answers).thisFromS).toBeGreaterThan(first);
    expect(trendWindows(by, windowS, answers - 1).thisFromS).toBeLessThanOrEqual(first);
  });

  it('says so in the first two hours', () => {
    const said = sayNoTrend('movie', trendWindows('movie', 3_600, at('12:34:56')), at('12:00:00'));
    expect(said).toContain('2026-03-02 10:00 to 2026-03-02 11:00, and nothing came then');
    expect(said).toContain('--by movie can answer from 2026-03-02 14:00 on');
    expect(said).toContain('--by genre --window 5m');
  });

  it.each([
    [[{ before: 0, first: at('12:00:00') }], expect.stringContaining('can answer from')],
    [[{ before: 3, first: at('10:00:00') }], null],
    [[], null],
  ])('has another reason when the window before has ratings, or neither has: %j', async (rows, said) => {
    const clickhouse = { query: async () => rows } as unknown as ClickHouse;
    const values = {
      by: { value: 'movie', shown: 'movie' },
      window: { value: 3_600, shown: '1h' },
      as_of: { value: '2026-03-02 12:34:56', shown: 'now' },
    };
    expect(await explainNoTrend(clickhouse, values, {})).toEqual(said);
  });
});
