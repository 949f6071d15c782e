import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadYear } from '../../../cli/ask/bind.ts';
import { roundedUp, spreadLabels } from '../../../cli/ask/chart-axis.ts';
import { shortenLabel, wrap } from '../../../cli/ask/formats.ts';
import { type NamedId, pick } from '../../../cli/ask/names.ts';
import { cellText, columnText, shortNumber } from '../../../cli/ask/numbers.ts';
import { didYouMean, nearest } from '../../../cli/suggest.ts';
import { parseQuestion } from '../../../clickhouse/questions.ts';
import { bindParameter } from '../../../clickhouse/questions-bind.ts';
import { parseParameter } from '../../../clickhouse/questions-parameter.ts';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [12, '12'],
    [999.6, '1.00 k'],
    [1_000, '1.00 k'],
    [45_600_000, '45.6 M'],
    [999_700_000, '1.00 bn'],
    [123_456_789_000, '123 bn'],
    [-2_760_000, '-2.76 M'],
  ])('%d dollars are %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
  });

  it('of one column have the same number of decimals', () => {
    const text = columnText({ unit: 'films', isNumber: true }, [16, 16.583, 26]);
    expect([16, 16.583, 26, null].map(text)).toEqual(['16.00', '16.58', '26.00', '-']);
    expect(cellText(49_175, { unit: 'ratings', isNumber: true })).toBe('49,175');
    expect(cellText(1994, { unit: '', isNumber: true })).toBe('1994');
    expect(cellText(8.385066, { unit: '0 to 10', isNumber: true })).toBe('8.385');
  });
});

describe('suggestions', () => {
  it('are the few nearest words', () => {
    expect(nearest('trendin', ['trending', 'movie', 'user'])).toEqual(['trending']);
    expect(nearest('pixar', ['Pixar Animation Studios', 'Pax'])).toEqual(['Pixar Animation Studios']);
    const companies = ['Walt Disney Pictures', 'Dino', 'Walt Street'];
    expect(nearest('disny', companies)[0]).toBe('Walt Disney Pictures');
    expect(nearest('xyzzy', ['trending', 'movie'])).toEqual([]);
    expect(didYouMean('xyzzy', ['trending'])).toBe('');
  });
});

describe('names', () => {
  const all: readonly NamedId[] = [
    { id: 5358, name: 'Canal+', films: 40 },
    { id: 104, name: 'Canal+', films: 12 },
    { id: 1382, name: 'PolyGram', films: 3 },
    { id: 1383, name: 'Polygram', films: 4 },
  ];
  const idsOf = (text: string) => pick('company', text, all).map(({ id }) => id);

  it('are ids, lists of ids, or names in any case', () => {
    expect(idsOf('104')).toEqual([104]);
    expect(idsOf('104,5358')).toEqual([104, 5358]);
    expect(idsOf('PolyGram')).toEqual([1382]);
  });

  it('that several ids share are listed, and unknown ones get a guess', () => {
    expect(() => idsOf('canal+')).toThrow(
      /2 of them are called "canal\+".*\n {2}--company 5358 {2}Canal\+, 40 films\n/,
    );
    expect(() => idsOf('POLYGRAM')).toThrow(/2 of them.*say which/);
    expect(() => idsOf('Polygam')).toThrow(/did you mean Poly[gG]ram/);
    expect(() => idsOf('7')).toThrow(/no company with the id 7/);
  });
});

describe('parameters', () => {
  const bind = (subject: string, text: string) => {
    const faults: string[] = [];
    const parameter = parseParameter(subject, 'what it is', faults);
    expect(faults).toEqual([]);
    return bindParameter(parameter!, text, { nowMs: Date.parse('2026-03-02T12:34:56Z') }).value;
  };

  it.each([
    ['min_n integer = 3 (1..100)', '7', 7],
    ['share number = 5 (0..100)', '2.5', 2.5],
    ['from year = 0 (0..2200)', '1994', 1994],
    ['base_month month = 2017-01 (1948-03..2200-12)', '2016-02', '2016-02-01'],
    ['from date = 1995-01-01', '2024-02-29', '2024-02-29'],
    ['window duration = 1h (1m..7d)', '1h30m', 5_400],
    ['as_of time = now', 'now', '2026-03-02 12:34:56'],
    ['as_of time = now', '2026-03-02T12:00:00', '2026-03-02 12:00:00'],
    ['as_of time = now', '2026-03-02T12:00:00+02:00', '2026-03-02 10:00:00'],
    ['as_of time = now', '2026-03-02', '2026-03-02 00:00:00'],
    ['as_of time = now', '2026-03-02 12:00', '2026-03-02 12:00:00'],
    ['movie_id id', '318', 318],
  ])('%s takes %s', (subject, text, value) => {
    expect(bind(subject, text)).toEqual(value);
  });

  it.each([
    ['min_n integer = 3 (1..100)', '0', '--min-n: "0" is not a whole number from 1 to 100'],
    ['min_n integer = 3 (1..100)', '1.5', 'not a whole number'],
    ['min_n integer = 3 (1..100)', '', 'not a whole number'],
    ['share number = 5 (0..100)', 'NaN', 'not a number from 0 to 100'],
    ['credit choice = full (full|fractional)', 'half', 'none of full, fractional'],
    ['base_month month = 2017-01 (1948-03..2200-12)', '1948-02', 'not from 1948-03'],
    ['base_month month = 2017-01', '2017-1', 'write YYYY-MM'],
    ['from date = 1995-01-01', '2023-02-29', 'not a date: write YYYY-MM-DD'],
    ['window duration = 1h (1m..7d)', '8d', 'not from 1m to 7d'],
    ['window duration = 1h', '5 minutes', 'not a duration'],
    ['as_of time = now', 'yesterday', 'not a time'],
    ['as_of time = now', '2026-02-30', 'not a time'],
    ['as_of time = now', '1969-12-31', 'not a time from 1970 on'],
    ['movie_id id', '-1', '<movie_id>: "-1" is not a whole number'],
  ])('%s refuses "%s"', (subject, text, why) => {
    expect(() => bind(subject, text)).toThrow(why);
  });

  it('--year stands for both ends of a span', () => {
    const file = (kind: string, low: string, high: string, type: string) => `-- title: t
-- summary: s
-- source: stream
-- definition: d
-- parameter from ${kind} = ${low}: first
-- parameter to ${kind} = ${high}: last
-- column x: y
-- coverage: c
-- chart: bars of x by x
SELECT {from:${type}} AS x, {to:${type}}`;
    const years = parseQuestion('years', file('year', '0', '2200', 'UInt16'));
    const days = parseQuestion('days', file('date', '1995-01-01', '2149-06-06', 'Date'));
    expect(spreadYear(years, {}, '1994')).toEqual({ from: '1994', to: '1994' });
    expect(spreadYear(days, {}, '1994')).toEqual({ from: '1994-01-01', to: '1994-12-31' });
    expect(spreadYear(years, { from: '1990' }, undefined)).toEqual({ from: '1990' });
    expect(() => spreadYear(years, { from: '1990' }, '1994')).toThrow('give one or the other');
    expect(() => spreadYear(years, {}, '94')).toThrow('not a year');
  });
});

describe('the axis of lines', () => {
  it('ends at a round figure above the highest', () => {
    expect([0, 1, 1.1, 4.54e9, 5.53e9, 9.9].map(roundedUp)).toEqual([1, 1, 1.2, 5e9, 6e9, 10]);
  });

  it('has names that never cover each other and stay beside it', () => {
    const heights = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(heights, (values) => {
        const shifts = spreadLabels(values, 10, 380);
        const places = values
          .map((value, i) => 380 * (1 - value / 10) + shifts[i]!)
          .toSorted((a, b) => a - b);
        const gaps = places.slice(1).map((place, i) => place - places[i]!);
        expect(Math.min(Infinity, ...gaps)).toBeGreaterThan(16.9);
        expect(places.at(-1)).toBeLessThanOrEqual(380);
      }),
    );
  });
});

describe('text', () => {
  it('is wrapped between words, and long names keep their last piece', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(shortenLabel('Twentieth Century Fox Film Corporation, 1997', 32)).toBe(
      'Twentieth Century Fox Fil…, 1997',
    );
    expect(shortenLabel('Pixar, 1995', 32)).toBe('Pixar, 1995');
  });
});
