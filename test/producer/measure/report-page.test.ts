import { describe, expect, it } from 'vitest';
import { lineChart } from '../../../producer/measure/line-chart.ts';
import { renderReportPage } from '../../../producer/measure/report-page.ts';
import type { SeriesPoint } from '../../../producer/measure/series.ts';

const point = (second: number, p99Ms: number | null): SeriesPoint => ({
  atMs: second * 1_000,
  targetRate: 100,
  generatedRate: 90,
  acknowledgedRate: 80,
  inFlight: 5,
  overloaded: 0,
  failed: 0,
  schedule: p99Ms === null ? null : { p50Ms: p99Ms / 2, p99Ms, maxMs: p99Ms * 2 },
  delivery: null,
});

/** the points of every path of a picture */
function pathsOf(svg: string): (readonly [number, number])[][] {
  return [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, d = '']) =>
    [...d.matchAll(/[ML]([\d.-]+),([\d.-]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const),
  );
}

describe('line chart', () => {
  it('draws every value inside the picture, higher values higher and later ones further right', () => {
    const svg = lineChart({
      title: 't',
      unit: 'u',
      seconds: [1, 2, 3, 4],
      lines: [{ name: 'a', color: 'red', values: [1, 50, 100, 7] }],
    });
    const [path] = pathsOf(svg) as [(readonly [number, number])[]];
    expect(path).toHaveLength(4);
    const [xs, ys] = [path.map(([x]) => x), path.map(([, y]) => y)];
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(ys[2]).toBeLessThan(ys[1]!);
    expect(ys[1]).toBeLessThan(ys[3]!);
    for (const [x, y] of path) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(860);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(260);
    }
  });

  it('gives tenfold values equal steps on a log scale and leaves gaps where nothing was measured', () => {
    const svg = lineChart({
      title: 't',
      unit: 'ms',
      seconds: [1, 2, 3, 4],
      logarithmic: true,
      lines: [{ name: 'p99', color: 'red', values: [1, 10, null, 100] }],
    });
    const [path] = pathsOf(svg) as [(readonly [number, number])[]];
    const [a, b, c] = path.map(([, y]) => y) as [number, number, number];
    expect(a - b).toBeCloseTo(b - c, 0);
    expect(svg.match(/M[\d.]+,[\d.]+/g)).toHaveLength(2);
  });
});

describe('report page', () => {
  it('is one file without scripts or addresses, and lets nothing of the run become markup', () => {
    const html = renderReportPage({
      title: 'run <1>',
      figures: [['rate', '10/s']],
      settings: [['source', '<script>alert("x")</script>']],
      series: [point(1, 4), point(2, null), point(3, 9)],
    });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)');
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
    expect(html.match(/<svg/g)).toHaveLength(4);
  });

  it('says when a run was too short to draw', () => {
    const html = renderReportPage({ title: 't', figures: [], settings: [], series: [point(1, 1)] });
    expect(html).toContain('too short');
    expect(html).not.toContain('<svg');
  });
});
