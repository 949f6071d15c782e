import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { roundedUp, spreadLabels } from './chart-axis.ts';
import type { ChartPlan, ChartSeries } from './chart-plan.ts';
import { shortenLabel, wrap } from './formats.ts';

echarts.use([BarChart, LineChart, GridComponent, TitleComponent, SVGRenderer]);

/** Okabe and Ito's palette: told apart by every kind of colour vision, also in grey. Strongest contrasts first. */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'] as const;
const UNKNOWN_COLOUR = '#B3B3B3';
const LOSS_COLOUR = '#D55E00';
const INK = '#1A1A1A';
const PALE = '#5F6B76';
const GRID_LINE = '#E6E9EC';
const FONT = 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif';

const WIDTH = 960;
const MARGIN = 28;
const BAR_HEIGHT = 27;
const PLOT_HEIGHT = 380;
/** characters of the title's and the small lines' size that fit side by side */
const TITLE_CHARACTERS = 82;
const SMALL_CHARACTERS = 128;

/** A chart as an SVG document of its own, 960 wide, drawn without a browser. */
export function drawSvg(plan: ChartPlan): string {
  const isUpright = plan.kind !== 'bars';
  const title = wrap(plan.title, TITLE_CHARACTERS);
  const subtitle = wrap(plan.subtitle, SMALL_CHARACTERS);
  const footer = wrap(plan.coverage, SMALL_CHARACTERS);
  const top = MARGIN + title.length * 25 + subtitle.length * 18 + 22;
  const bottom = MARGIN + footer.length * 17 + (isUpright ? 40 : 18);
  const plot = isUpright ? PLOT_HEIGHT : Math.max(3, plan.categories.length) * BAR_HEIGHT;
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: top + plot + bottom,
  });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#FFFFFF',
      textStyle: { fontFamily: FONT, color: INK },
      title: [
        {
          text: title.join('\n'),
          subtext: subtitle.join('\n'),
          left: MARGIN,
          top: MARGIN - 6,
          padding: 0,
          itemGap: 9,
          textStyle: { fontFamily: FONT, fontSize: 18, fontWeight: 'bold', color: INK, lineHeight: 25 },
          subtextStyle: { fontFamily: FONT, fontSize: 12, color: PALE, lineHeight: 18 },
        },
        {
          text: footer.join('\n'),
          left: MARGIN,
          bottom: MARGIN - 10,
          padding: 0,
          textStyle: { fontFamily: FONT, fontSize: 11, fontWeight: 'normal', color: PALE, lineHeight: 17 },
        },
      ],
      ...(plan.kind === 'bars' ? bars(plan) : plan.kind === 'columns' ? columns(plan) : lines(plan)),
      grid: gridOf(plan, top, bottom),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** of names beside bars */
const LABEL_CHARACTERS = 42;
const CHARACTER_WIDTH = 7.4;

function gridOf({ kind, categories, series }: ChartPlan, top: number, bottom: number) {
  if (kind === 'bars') {
    const longest = Math.min(LABEL_CHARACTERS, Math.max(...categories.map((label) => label.length)));
    return { left: MARGIN + longest * CHARACTER_WIDTH + 12, right: MARGIN + 84, top, bottom };
  }
  const names = Math.max(...series.map(({ name }) => name.length)) * CHARACTER_WIDTH;
  return {
    left: kind === 'lines' ? MARGIN + 58 : MARGIN,
    right: kind === 'lines' ? MARGIN + names + 14 : MARGIN,
    top,
    bottom,
  };
}

const silentAxis = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false } };

function barItems({ categories, series, text }: ChartPlan, position: 'right' | 'top') {
  return series[0]!.values.map((value, i) => {
    const isLoss = (value ?? 0) < 0;
    const isUnknown = /^\((unknown|none)\)/.test(categories[i]!);
    return {
      value,
      itemStyle: { color: isLoss ? LOSS_COLOUR : isUnknown ? UNKNOWN_COLOUR : COLOURS[0] },
      label: {
        position: isLoss && position === 'right' ? 'left' : position,
        formatter: () => text(value ?? 0),
      },
    };
  });
}

const barLabel = { show: true, fontSize: 12, color: INK, fontFamily: FONT, distance: 7 };

/** Zero, or low enough that the figure of the largest loss fits between its bar and the names. */
function roomForLosses({ min, max }: { readonly min: number; readonly max: number }): number {
  return min >= 0 ? 0 : min - 0.12 * (Math.max(0, max) - min);
}

function bars(plan: ChartPlan) {
  return {
    xAxis: {
      type: 'value',
      show: false,
      max: 'dataMax',
      min: roomForLosses,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: plan.categories.map((label) => shortenLabel(label, LABEL_CHARACTERS)),
      ...silentAxis,
      axisLabel: {
        fontSize: 12.5,
        color: INK,
        interval: 0,
        margin: 12,
      },
    },
    series: [{ type: 'bar', barWidth: '68%', data: barItems(plan, 'right'), label: barLabel }],
  };
}

function columns(plan: ChartPlan) {
  return {
    xAxis: {
      type: 'category',
      data: plan.categories,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: PALE } },
      axisLabel: { fontSize: 12.5, color: INK, interval: 0 },
    },
    yAxis: { type: 'value', show: false },
    series: [{ type: 'bar', barWidth: '62%', data: barItems(plan, 'top'), label: barLabel }],
  };
}

const MOST_YEARS = 13;

function lines(plan: ChartPlan) {
  const max = roundedUp(Math.max(...plan.series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const shifts = spreadLabels(
    plan.series.map(({ values }) => lastKnown(values)),
    max,
    PLOT_HEIGHT,
  );
  return {
    xAxis: {
      type: 'category',
      data: plan.categories,
      boundaryGap: false,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: PALE } },
      axisLabel: { fontSize: 12, color: PALE, interval: Math.ceil(plan.categories.length / MOST_YEARS) - 1 },
    },
    yAxis: {
      type: 'value',
      max,
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: GRID_LINE } },
      axisLabel: {
        fontSize: 12,
        color: PALE,
        formatter: (value: number) => (value === 0 ? '0' : plan.text(value)),
      },
    },
    series: plan.series.map((one, i) => lineOf(one, COLOURS[i % COLOURS.length]!, shifts[i]!)),
  };
}

/** The name stands at the line's end, in its colour: no legend to look up. */
function lineOf({ name, values }: ChartSeries, colour: string, shift: number) {
  const last = values.findLastIndex((value) => value !== null);
  const label = {
    show: true,
    position: 'right',
    formatter: () => name,
    color: colour,
    fontSize: 12.5,
    fontWeight: 'bold',
    distance: 8,
    offset: [0, shift],
  };
  return {
    type: 'line',
    name,
    symbol: 'circle',
    symbolSize: 5,
    lineStyle: { width: 2.4, color: colour },
    itemStyle: { color: colour },
    data: values.map((value, i) => (i === last ? { value, label } : value)),
  };
}

function lastKnown(values: readonly (number | null)[]): number {
  return values.findLast((value) => value !== null) ?? 0;
}
