import { describe, expect, it } from 'vitest';
import {
  cleanAverage,
  cleanCount,
  cleanMoney,
  cleanReleaseDate,
  cleanRuntime,
} from '../../catalog/field-values.ts';

describe('money', () => {
  it.each([
    ['0', null, 'zero_is_unknown'],
    ['113', null, 'suspect_money'],
    ['999', null, 'suspect_money'],
    ['1000', 1000, undefined],
    ['4986', 4986, undefined],
    ['2787965087.0', 2787965087, undefined],
    ['', null, 'empty'],
    ['/ff9qCepilowshEtG2GYWwzt2bs4.jpg', null, 'not_a_number'],
    ['-5', null, 'not_a_number'],
    ['1e9', null, 'not_a_number'],
  ])('reads "%s" as %s', (text, value, reason) => {
    expect(cleanMoney(text)).toEqual(reason ? { value, reason } : { value });
  });
});

describe('release dates', () => {
  it('keeps dates from before 1970', () => {
    expect(cleanReleaseDate('1919-10-03')).toEqual({ value: { date: '1919-10-03', year: 1919 } });
  });

  it('keeps only the year of what a Date32 column would silently move', () => {
    const outcome = cleanReleaseDate('1874-12-09');
    expect(outcome).toEqual({ value: { date: null, year: 1874 }, reason: 'only_year_kept' });
  });

  it.each(['1995', '1995-13-01', '1995-02-30', '0001-01-01', '12', 'x'])('refuses %s', (text) => {
    expect(cleanReleaseDate(text)).toEqual({ value: { date: null, year: 0 }, reason: 'not_a_date' });
  });

  it('takes an empty one as not known', () => {
    expect(cleanReleaseDate('')).toMatchObject({ value: { date: null, year: 0 }, reason: 'empty' });
  });
});

describe('counts, averages and minutes', () => {
  it('takes the average of no votes as not known and 0 votes as a real zero', () => {
    expect(cleanAverage('0.0', 0)).toEqual({ value: null, reason: 'no_votes' });
    expect(cleanAverage('7.7', 5415)).toEqual({ value: 7.7 });
    expect(cleanCount('0')).toEqual({ value: 0 });
    expect(cleanCount('many')).toEqual({ value: 0, reason: 'not_a_number' });
    expect(cleanCount('4294967296')).toEqual({ value: 0, reason: 'not_a_number' });
  });

  it('takes a runtime of 0 as not known', () => {
    expect(cleanRuntime('0.0')).toEqual({ value: null, reason: 'zero_is_unknown' });
    expect(cleanRuntime('81.0')).toEqual({ value: 81 });
    expect(cleanRuntime('99999')).toEqual({ value: null, reason: 'not_a_number' });
  });
});
