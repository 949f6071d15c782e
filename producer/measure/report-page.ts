import type { DelayPoint } from './delay-point.ts';
import { escapeText, lineChart } from './line-chart.ts';
import type { SeriesPoint } from './series.ts';

export interface ReportPage {
  readonly title: string;
  /** what was measured, in the order of the summary */
  readonly figures: readonly (readonly [string, string])[];
  /** how the run was asked for */
  readonly settings: readonly (readonly [string, string])[];
  readonly series: readonly SeriesPoint[];
}

const BLUE = '#2166ac';
const RED = '#b2182b';
const GREEN = '#1b7837';
const GREY = '#777777';

/** One HTML file without scripts and without anything to load: it can be mailed, archived and printed. */
export function renderReportPage({ title, figures, settings, series }: ReportPage): string {
  const charts = series.length > 1 ? chartsOf(series) : ['<p>The run was too short for plots.</p>'];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeText(title)}</h1>
${table(figures)}
${charts.join('\n')}
<h2>Settings</h2>
${table(settings)}
<p>Delays count from the time an event was intended for, so that a stall shows in every event it held up.</p>
</body>
</html>
`;
}

function chartsOf(series: readonly SeriesPoint[]): string[] {
  const seconds = series.map(({ atMs }) => atMs / 1_000);
  const of = (pick: (point: SeriesPoint) => number | null) => series.map(pick);
  const delays = (title: string, pick: (point: SeriesPoint) => DelayPoint | null) =>
    lineChart({
      title,
      unit: 'ms, log scale',
      seconds,
      logarithmic: true,
      lines: [
        { name: 'max', color: GREY, values: of((point) => pick(point)?.maxMs ?? null) },
        { name: 'p99', color: RED, values: of((point) => pick(point)?.p99Ms ?? null) },
        { name: 'p50', color: BLUE, values: of((point) => pick(point)?.p50Ms ?? null) },
      ],
    });
  return [
    lineChart({
      title: 'Rate',
      unit: 'events per second',
      seconds,
      lines: [
        { name: 'target', color: GREY, dashed: true, values: of(({ targetRate }) => targetRate) },
        { name: 'generated', color: BLUE, values: of(({ generatedRate }) => generatedRate) },
        { name: 'acknowledged', color: GREEN, values: of(({ acknowledgedRate }) => acknowledgedRate) },
      ],
    }),
    delays('Schedule delay: intended to handed over', ({ schedule }) => schedule),
    delays('Delivery: intended to acknowledged', ({ delivery }) => delivery),
    lineChart({
      title: 'Waiting for acknowledgement',
      unit: 'events',
      seconds,
      lines: [{ name: 'in flight', color: BLUE, values: of(({ inFlight }) => inFlight) }],
    }),
  ];
}

function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([what, value]) => `<tr><th>${escapeText(what)}</th><td>${escapeText(value)}</td></tr>`,
  );
  return `<table>\n${lines.join('\n')}\n</table>`;
}

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; max-width: 900px; margin: 2em auto; padding: 0 1em; color: #222; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 2em; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 500; padding: 2px 18px 2px 0; vertical-align: top; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; margin: 1em 0; font: 12px system-ui, sans-serif; }
svg .title { font-weight: 600; font-size: 13px; } svg .grid { stroke: #ddd; } svg .left { text-anchor: end; } svg .below { text-anchor: middle; }
`;
