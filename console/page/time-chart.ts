/// <reference lib="dom" />
import uPlot from 'uplot';
import type { Lines } from '../drawing/data.ts';
import { warningLevels } from '../drawing/thresholds.ts';
import { unitedSpans } from '../drawing/timeline.ts';
import { formatValue } from '../drawing/units.ts';
import { el } from '../look/dom.ts';
import { colourOf, seriesColour } from './colours.ts';
import type { Drawing, DrawTools, Mark } from './drawing.ts';
import { createLegend, type Legend } from './legend-list.ts';
import { tickTexts } from './time-axis.ts';

/** Distances between ticks where tens are not round. */
const TICKS: Readonly<Record<string, number[]>> = {
  s: [
    ...[0.000001, 0.00001, 0.0001, 0.001, 0.01, 0.1].flatMap((unit) => [unit, 2 * unit, 5 * unit]),
    ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800],
  ],
  bytes: Array.from({ length: 45 }, (_, power) => 2 ** power),
};
/** Alerts nearer than this share of a chart are one band: what flickers is one thing to look at. */
const NEAR = 0.02;
const AXIS_FONT = '12px system-ui, sans-serif';

/** Lines over time; the crosshair is the page's, the legend says what it points at. */
export function createTimeChart(tools: DrawTools): Drawing<Lines> {
  const plotArea = el('div', { class: 'plot', tabindex: '0', role: 'img' });
  const hidden = new Set<string>();
  let plot: uPlot | null = null;
  let shown: Lines = { times: [], lines: [] };
  let names = '';
  const legend = createLegend((name) => {
    if (!hidden.delete(name)) hidden.add(name);
    plot?.setSeries(shown.lines.findIndex((line) => line.name === name) + 1, { show: !hidden.has(name) });
  });
  const root = el('div', { class: 'time-chart' }, plotArea, legend.element);
  const own = {};
  const point = (index: number | null) => tellLegend(legend, shown, index, tools.unit, hidden);
  const stopFollowing = tools.crosshair.follow(own, (seconds) => {
    const index = seconds === null ? null : nearest(shown.times, seconds);
    if (plot) placeCursor(plot, index === null ? null : shown.times[index]!);
    point(index);
  });
  const onOwnCursor = (u: uPlot) => {
    if (!u.cursor.event) return;
    const index = u.cursor.idx ?? null;
    point(index);
    tools.crosshair.show(index === null ? null : (shown.times[index] ?? null), own);
  };
  plotArea.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || !plot || shown.times.length === 0) return;
    event.preventDefault();
    const at = plot.cursor.idx ?? shown.times.length - 1;
    const index = Math.min(shown.times.length - 1, Math.max(0, at + step));
    placeCursor(plot, shown.times[index]!);
    point(index);
    tools.crosshair.show(shown.times[index]!, own);
  });
  const resize = new ResizeObserver(() => plot?.setSize(sizeOf(plotArea)));
  resize.observe(plotArea);
  return {
    element: root,
    draw(lines) {
      shown = lines;
      const columns = [
        [...lines.times],
        ...lines.lines.map(({ values }) => [...values]),
      ] as uPlot.AlignedData;
      const now = lines.lines.map(({ name }) => name).join('\n');
      if (!plot || now !== names) {
        plot?.destroy();
        names = now;
        plot = new uPlot(optionsOf(lines, sizeOf(plotArea), tools, hidden, onOwnCursor), columns, plotArea);
        legend.show(lines.lines.map(({ name }, i) => ({ name, colour: seriesColour(i) })));
      } else plot.setData(columns);
      point(null);
      plotArea.setAttribute('aria-label', inWords(lines, tools));
    },
    end() {
      stopFollowing();
      resize.disconnect();
      plot?.destroy();
    },
  };
}

function optionsOf(
  { lines }: Lines,
  size: { width: number; height: number },
  tools: DrawTools,
  hidden: ReadonlySet<string>,
  onCursor: (u: uPlot) => void,
): uPlot.Options {
  const { unit, steps } = tools;
  const axis = { font: AXIS_FONT, stroke: () => colourOf('muted'), ticks: { show: false } };
  const isAlone = lines.length === 1;
  return {
    ...size,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { range: () => spanOf(tools) },
      y: { range: (_, low, high) => rangeOf(low, high, unit) },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 64,
        grid: { show: false },
        values: (_, splits) => tickTexts(splits),
      },
      {
        ...axis,
        size: (_, values) => 14 + 7 * Math.max(3, ...(values ?? []).map((text) => text.length)),
        space: 32,
        ...(TICKS[unit] ? { incrs: TICKS[unit] } : {}),
        grid: { stroke: () => colourOf('line'), width: 1 },
        values: (_, splits) => splits.map((value) => formatValue(value, unit)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name }, i) => ({
        label: name,
        show: !hidden.has(name),
        stroke: () => colourOf(seriesColour(i)),
        width: 1.5,
        points: { show: false, size: 4, filter: isolated },
        ...(isAlone ? { fill: () => colourOf(seriesColour(i), 0.09) } : {}),
      })),
    ],
    hooks: {
      setCursor: [onCursor],
      setSelect: [(u) => zoom(u, tools)],
      drawClear: [(u) => drawMarks(u, tools.marks())],
      draw: [(u) => drawLevels(u, warningLevels(steps))],
    },
  };
}

function spanOf({ range }: DrawTools): [number, number] {
  const { fromSeconds, toSeconds } = range();
  return [fromSeconds, toSeconds];
}

/** From zero, for a line's height is what is compared; only plain figures, such as ratings, may begin elsewhere. */
function rangeOf(low: number | null, high: number | null, unit: string): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (unit === 'none') return uPlot.rangeNum(low, high, 0.1, false) as [number, number];
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  if (bottom === top) return [0, 1];
  const room = (top - bottom) * 0.08;
  return [bottom < 0 ? bottom - room : 0, top + room];
}

/** A value between two gaps is no line: it is shown as a point. */
function isolated(u: uPlot, series: number): number[] | null {
  const values = Array.from(u.data[series] ?? []);
  const has = (i: number) => values[i] !== null && values[i] !== undefined;
  return values.flatMap((_, i) => (has(i) && !has(i - 1) && !has(i + 1) ? [i] : []));
}

function zoom(u: uPlot, { onZoom }: DrawTools): void {
  const { left, width } = u.select;
  if (width < 6) return;
  onZoom(Math.floor(u.posToVal(left, 'x')), Math.ceil(u.posToVal(left + width, 'x')));
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function drawMarks(u: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const at = (seconds: number) => Math.round(u.valToPos(seconds, 'x', true));
  const { min = 0, max = 0 } = u.scales.x ?? {};
  for (const { fromSeconds, toSeconds } of unitedSpans(marks, (max - min) * NEAR)) {
    const left = at(fromSeconds);
    ctx.fillStyle = colourOf('red', 0.09);
    ctx.fillRect(left, bbox.top, Math.max(1, at(toSeconds) - left), bbox.height);
    ctx.fillStyle = colourOf('red', 0.45);
    ctx.fillRect(left, bbox.top, Math.max(1, devicePixelRatio), bbox.height);
  }
  ctx.restore();
}

function drawLevels(u: uPlot, levels: ReturnType<typeof warningLevels>): void {
  const { ctx, bbox } = u;
  const { min = 0, max = 0 } = u.scales.y ?? {};
  for (const { value, tone } of levels) {
    if (value <= min || value >= max) continue;
    const y = Math.round(u.valToPos(value, 'y', true));
    ctx.save();
    ctx.strokeStyle = colourOf(tone);
    ctx.globalAlpha = 0.7;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

function placeCursor(u: uPlot, seconds: number | null): void {
  const left = seconds === null ? -10 : u.valToPos(seconds, 'x');
  u.setCursor({ left, top: seconds === null ? -10 : 1 }, false);
}

function nearest(times: readonly number[], seconds: number): number | null {
  if (times.length === 0) return null;
  const after = times.findIndex((time) => time >= seconds);
  if (after <= 0) return after === 0 ? 0 : times.length - 1;
  return seconds - times[after - 1]! < times[after]! - seconds ? after - 1 : after;
}

function tellLegend(
  legend: Legend,
  { times, lines }: Lines,
  index: number | null,
  unit: string,
  hidden: ReadonlySet<string>,
): void {
  const texts = lines.map(({ values }) => {
    const value = index === null ? (values.findLast((one) => one !== null) ?? null) : (values[index] ?? null);
    return value === null ? '–' : formatValue(value, unit);
  });
  legend.tell(texts, index === null ? null : (times[index] ?? null), hidden);
}

function sizeOf(area: HTMLElement): { width: number; height: number } {
  return { width: Math.max(160, area.clientWidth), height: Math.max(120, area.clientHeight) };
}

function inWords({ lines }: Lines, { title, unit }: DrawTools): string {
  const newest = lines.slice(0, 6).map(({ name, values }) => {
    const value = values.findLast((one) => one !== null) ?? null;
    return `${name} ${value === null ? 'unknown' : formatValue(value, unit)}`;
  });
  return `${title}, lines over time. Newest: ${newest.join('; ')}. Arrow keys move the crosshair.`;
}
