import { describe, expect, it } from 'vitest';
import { parseRateTable } from '../../../core/schedule/rate-table.ts';

describe('a table of rates', () => {
  it.each([
    ['t,rate\n0,10\n60,20\n', 'rate'],
    ['0,10\n60,20', 'rate'],
    ['\uFEFFt, factor\r\n0s, 10\r\n1m, 20.0\r\n\r\n', 'factor'],
  ])('%j', (text, unit) => {
    const points = [
      { ms: 0, value: 10 },
      { ms: 60_000, value: 20 },
    ];
    expect(parseRateTable('load.csv', text)).toEqual({ unit, points });
  });

  it('takes two rows at one time for a jump', () => {
    expect(parseRateTable('f', '0,1\n5,1\n5,9\n').points.map(({ value }) => value)).toEqual([1, 1, 9]);
  });

  it.each([
    ['t,rate\n0,10\nx,20\n', /load.csv:3: "x,20" is not t,rate/],
    ['0,10\n5\n', /load.csv:2/],
    ['0,10,1\n', /load.csv:1/],
    ['0,-1\n', /load.csv:1/],
    ['0,Infinity\n', /load.csv:1/],
    ['0,10\n5,10\n4,10\n', /load.csv:3: the time is before that of the row above/],
    ['t,rate\n0,0\n', /no row t,rate with a rate above 0/],
    ['', /no row/],
  ])('refuses %j', (text, message) => {
    expect(() => parseRateTable('load.csv', text)).toThrow(message);
  });
});
