import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestSeries, toBars } from '../../console/drawing/bars.ts';
import type { SeriesData, TableData } from '../../console/drawing/data.ts';
import { legendOf } from '../../console/drawing/legend.ts';
import { lastKnown, toLines } from '../../console/drawing/lines.ts';
import { stepsOf, toTable, unitOf } from '../../console/drawing/table.ts';
import { toneOf, warningLevels } from '../../console/drawing/thresholds.ts';
import { parseTime, stepSeconds, utcText } from '../../console/drawing/time-range.ts';
import { toSegments, unitedSpans } from '../../console/drawing/timeline.ts';
import { formatValue, mappedWords } from '../../console/drawing/units.ts';
import { ticksWithin, tickTexts } from '../../console/page/time-axis.ts';

describe('units', () => {
  it.each([
    [0, 'short', '0'],
    [1_234, 'short', '1.23 k'],
    [999_960, 'short', '1 M'],
    [-12_345, 'short', '−12.3 k'],
    [0.5, 'cps', '0.5/s'],
    [12_000, 'reqps', '12 k/s'],
    [0.934, 'percentunit', '93.4 %'],
    [0.0000125, 's', '12.5 µs'],
    [0.35, 's', '350 ms'],
    [0, 's', '0 s'],
    [90, 's', '90 s'],
    [600, 's', '10 min'],
    [7_200, 's', '2 h'],
    [1_048_576, 'bytes', '1 MiB'],
    [2_500_000_000, 'currencyUSD', '$2.5 bn'],
    [-5, 'currencyUSD', '−$5'],
    [1, 'bool', 'yes'],
    [0, 'bool', 'no'],
    // four figures may be a year
    [1994, 'none', '1994'],
    [12_345, 'none', '12,345'],
    [2.34567, 'none', '2.35'],
    [0.00002, 'none', '0.000020'],
    [4, 'a unit of next year', '4'],
  ])('%d in %s is %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it('never loses the order of magnitude', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 9e14, noNaN: true }), (value) => {
        const [, figure, unit = ''] = /^([\d.,]+)(?: (\w+))?$/.exec(formatValue(value, 'short'))!;
        const factor = { '': 1, k: 1e3, M: 1e6, bn: 1e9, tn: 1e12 }[unit]!;
        const read = Number(figure!.replaceAll(',', '')) * factor;
        expect(Math.abs(read - value)).toBeLessThanOrEqual(value * 0.006);
      }),
    );
  });

  it('has words for values and spans of values', () => {
    const mappings = [
      { type: 'value', options: { '1': { text: 'holds' } } },
      { type: 'range', options: { from: 5, to: null, result: { text: 'many' } } },
    ] as const;
    expect([1, 5, 7, 2].map((value) => mappedWords(value, mappings)?.text)).toEqual([
      'holds',
      'many',
      'many',
      undefined,
    ]);
  });
});

describe('thresholds', () => {
  const steps = [
    { value: null, color: 'red' },
    { value: 0.5, color: 'orange' },
    { value: 0.8, color: 'green' },
  ];
  it('the last step that is reached gives the colour', () => {
    expect([0, 0.49, 0.5, 0.8, 2].map((value) => toneOf(value, steps))).toEqual([
      'red',
      'red',
      'orange',
      'green',
      'green',
    ]);
    expect(toneOf(1, [{ value: null, color: 'mauve' }])).toBe('plain');
  });
  it('only steps that warn are drawn across a chart', () => {
    expect(warningLevels(steps)).toEqual([{ value: 0.5, tone: 'orange' }]);
  });
});

describe('legends', () => {
  it.each([
    ['applied {{group}}', { group: 'a' }, 'applied a'],
    ['{{topic}}/{{ partition }}', { topic: 't', partition: '3' }, 't/3'],
    ['{{stage}} {{group}}', { stage: 'produced' }, 'produced'],
    ['', { __name__: 'up' }, 'up'],
    [undefined, { __name__: 'up', job: 'sink' }, 'job sink'],
    ['', {}, 'value'],
  ])('%s', (format, labels, text) => {
    expect(legendOf(format, labels)).toBe(text);
  });
});

const series = (times: number[], ...values: (number | null)[][]): SeriesData => ({
  kind: 'series',
  times,
  series: values.map((own, i) => ({ labels: { i: String(i) }, values: own })),
});

describe('lines', () => {
  it('of several targets share one axis; what is not known stays a gap', () => {
    const lines = toLines([
      { legendFormat: 'a {{i}}', data: series([10, 20], [1, 2]) },
      { legendFormat: 'b', data: series([20, 30], [3, null]) },
    ]);
    expect(lines).toEqual({
      times: [10, 20, 30],
      lines: [
        { name: 'a 0', values: [1, 2, null] },
        { name: 'b', values: [null, 3, null] },
      ],
    });
    expect(lines.lines.map(({ values }) => lastKnown(values))).toEqual([2, 3]);
  });

  it('of rows: one for each name, and for each figure where there are several', () => {
    const table = (names: [string, 'time' | 'text' | 'number'][], rows: TableData['rows']): TableData => ({
      kind: 'table',
      columns: names.map(([name, type]) => ({ name, type })),
      rows,
    });
    const byName = table(
      [
        ['time', 'time'],
        ['genre', 'text'],
        ['n', 'number'],
      ],
      [
        [60, 'Drama', 5],
        [60, 'Crime', 2],
        [120, 'Drama', 6],
      ],
    );
    expect(toLines([{ data: byName }]).lines).toEqual([
      { name: 'Drama', values: [5, 6] },
      { name: 'Crime', values: [2, null] },
    ]);
    const wide = table(
      [
        ['time', 'time'],
        ['today', 'number'],
        ['the day before', 'number'],
      ],
      [[60, 1, 2]],
    );
    expect(toLines([{ data: wide }]).lines.map(({ name }) => name)).toEqual(['today', 'the day before']);
  });
});

describe('tables', () => {
  it('show the newest of each series, without what is hidden', () => {
    const hidden = { id: 'organize', options: { excludeByName: { Time: true } } } as const;
    const table = toTable(series([10, 20], [1, 2], [3, 4]), [hidden]);
    expect(table.columns.map(({ name }) => name)).toEqual(['i', 'Value']);
    expect(table.rows).toEqual([
      ['0', 2],
      ['1', 4],
    ]);
  });

  it('become a matrix of rows and columns; what is missing is 0', () => {
    const rows: TableData = {
      kind: 'table',
      columns: [
        { name: 'year', type: 'text' },
        { name: 'genre', type: 'text' },
        { name: 'revenue', type: 'number' },
      ],
      rows: [
        ['1990', 'Drama', 5],
        ['1991', 'Crime', 2],
      ],
    };
    const options = { rowField: 'year', columnField: 'genre', valueField: 'revenue' };
    const matrix = toTable(rows, [{ id: 'groupingToMatrix', options }]);
    expect(matrix.columns.map(({ name }) => name)).toEqual(['year\\genre', 'Drama', 'Crime']);
    expect(matrix.rows).toEqual([
      ['1990', 5, 0],
      ['1991', 0, 2],
    ]);
    const bars = toBars(matrix, 'year\\genre');
    expect(bars).toMatchObject({ labels: ['1990', '1991'], most: 5 });
    expect(largestSeries(bars, 1).series).toEqual([{ name: 'others', values: [5, 2] }]);
  });

  it('colour a column that asks for it by its own steps, and no other', () => {
    const steps = [
      { value: null, color: 'red' },
      { value: 0, color: 'green' },
      { value: 1, color: 'red' },
    ];
    const override = (name: string, type: string) => ({
      matcher: { id: 'byName', options: name },
      properties: [
        { id: 'custom.cellOptions', value: { type } },
        { id: 'thresholds', value: { mode: 'absolute', steps } },
      ],
    });
    const overrides = [override('difference', 'color-text'), override('caught', 'auto')];
    expect(stepsOf('difference', overrides)).toEqual(steps);
    expect([-1, 0, 1].map((value) => toneOf(value, stepsOf('difference', overrides)))).toEqual([
      'red',
      'green',
      'red',
    ]);
    expect(stepsOf('caught', overrides)).toEqual([]);
    expect(stepsOf('difference')).toEqual([]);
  });

  it('take the unit of an override by name', () => {
    const overrides = [
      { matcher: { id: 'byName', options: 'year' }, properties: [{ id: 'unit', value: 'none' }] },
    ];
    expect([unitOf('year', 'short', overrides), unitOf('n', 'short', overrides)]).toEqual(['none', 'short']);
  });
});

describe('a state timeline', () => {
  it('joins what stays the same and leaves gaps', () => {
    const values = [4, 4, null, 4, 0];
    expect(toSegments([0, 10, 20, 30, 40], { name: 'a', values })).toEqual([
      { fromSeconds: 0, toSeconds: 20, value: 4 },
      { fromSeconds: 30, toSeconds: 40, value: 4 },
      { fromSeconds: 40, toSeconds: 50, value: 0 },
    ]);
  });
});

it('alerts at the same time, or nearly so, are one span', () => {
  const span = (fromSeconds: number, toSeconds: number) => ({ fromSeconds, toSeconds });
  expect(unitedSpans([span(5, 9), span(0, 6), span(20, 21), span(1, 2)])).toEqual([span(0, 9), span(20, 21)]);
  expect(unitedSpans([span(0, 1), span(3, 4), span(9, 10)], 2)).toEqual([span(0, 4), span(9, 10)]);
});

describe('time', () => {
  const now = 1_700_000_000;
  it.each([
    ['now', now],
    ['now-15m', now - 900],
    ['now-7d', now - 604_800],
    ['1700000000000', 1_700_000_000],
    ['2026-01-31T12:00', Date.UTC(2026, 0, 31, 12) / 1_000],
    ['2026-01-31', Date.UTC(2026, 0, 31) / 1_000],
  ])('%s', (text, seconds) => {
    expect(parseTime(text, now)).toBe(seconds);
  });
  it.each(['', 'tomorrow', 'now+1h', 'now-1y', '12', "2026-01-31' OR 1", '2026-99-99'])('not %s', (text) => {
    expect(parseTime(text, now)).toBeNaN();
  });
  it('steps are no finer than a scrape and make no more points than asked for', () => {
    const range = { fromSeconds: 0, toSeconds: 3_600 };
    expect([stepSeconds(range, 1_000, 5), stepSeconds(range, 60, 5), stepSeconds(range, 100, 1)]).toEqual([
      5, 60, 60,
    ]);
    expect(3_600 / stepSeconds(range, 130, 1)).toBeLessThanOrEqual(130);
  });
  it('is written in UTC, the day where it begins', () => {
    expect(utcText(0)).toBe('1970-01-01 00:00:00');
    expect(tickTexts([86_370, 86_400])).toEqual(['23:59:30', '01-02']);
    expect(tickTexts([3_600, 7_200])).toEqual(['01:00', '02:00']);
    expect(ticksWithin(5, 65, 6)).toEqual([10, 20, 30, 40, 50, 60]);
  });
});
