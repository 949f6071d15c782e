import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../runtime/environment.ts';
import { promtool, runTool } from '../alerts/promtool.ts';

/** Minutes of the range that an operator looks at; stories have 40 minutes and the look is at their end unless they say otherwise. */
const RANGE_MINUTES = 20;
const STEP_SECONDS = 5;
const END_MINUTES = 40;
const PER_MINUTE = 60 / STEP_SECONDS;

type Course = (minute: number) => number | null;
interface Story {
  /** runs by when their process began */
  readonly runs: Readonly<Record<number, Course>>;
  readonly caught: Course;
  /** minutes; default: everything up to then is counted half a minute later */
  readonly until?: Course;
  readonly atMinute?: number;
}

const panel = (
  JSON.parse(
    readFileSync(join(projectRoot, 'dashboards/generated/grafana/reelstream-quality.json'), 'utf8'),
  ) as { panels: { title: string; targets?: { expr: string }[] }[] }
).panels.find(({ title }) => title === 'Injected against caught');
const EXPR = panel!
  .targets![0]!.expr.replaceAll('$__range_s', String(RANGE_MINUTES * 60))
  .replaceAll('$__range', `${RANGE_MINUTES}m`)
  .replaceAll('$topic', '.+');

function seriesOf(name: string, labels: string, course: Course) {
  const values = Array.from(
    { length: END_MINUTES * PER_MINUTE + 1 },
    (_, i) => course(i / PER_MINUTE) ?? '_',
  );
  return { series: `reelstream_${name}{topic="ratings",${labels}}`, values: values.join(' ') };
}

/** What the panel's query says; null where it says what was expected. */
function play(
  { runs, caught, until = (minute) => (minute - 0.5) * 60, atMinute = END_MINUTES }: Story,
  expected: object,
) {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-panel-'));
  const whenCaught =
    (course: Course): Course =>
    (minute) =>
      caught(minute) === null ? null : course(minute);
  const input = [
    seriesOf('recon_caught_events', 'reason="decode",job="reconciler"', caught),
    seriesOf('recon_caught_until_timestamp_seconds', 'job="reconciler"', whenCaught(until)),
    ...Object.entries(runs).flatMap(([started, course]) => [
      seriesOf(
        'producer_injected_records_total',
        `started="${started}",reason="decode",job="producer"`,
        course,
      ),
      seriesOf('producer_injecting_run_timestamp_seconds', `started="${started}",job="producer"`, (minute) =>
        course(minute) === null ? null : Number(started) * 60,
      ),
    ]),
  ];
  const samples = Object.entries(expected).map(([side, value]) => ({
    labels: `{reason="decode",side="${side}"}`,
    value,
  }));
  const test = { expr: EXPR, eval_time: `${atMinute * 60}s`, exp_samples: samples };
  try {
    const file = join(folder, 'test.yml');
    writeFileSync(
      file,
      JSON.stringify({
        tests: [{ interval: `${STEP_SECONDS}s`, input_series: input, promql_expr_test: [test] }],
      }),
    );
    const { code, text } = runTool(promtool!, ['test', 'rules', file]);
    expect(code, text).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `perMinute` from a minute to another one, and its last value for as long as somebody scrapes it. */
function rising(from: number, to: number, perMinute: number, seen: readonly [number, number]): Course {
  return (minute) =>
    minute < seen[0] || minute > seen[1]
      ? null
      : Math.round(perMinute * (Math.min(Math.max(minute, from), to) - from));
}
const always = [0, END_MINUTES] as const;
const delayed =
  (course: Course, minutes = 0.5): Course =>
  (minute) =>
    course(Math.max(0, minute - minutes));
const gap =
  (course: Course, from: number, to: number): Course =>
  (minute) =>
    minute >= from && minute < to ? null : course(minute);

describe.skipIf(!promtool)('injected against caught', () => {
  const run = rising(25, 30, 60, [25, 30.5]);
  const caughtOfRun = delayed(rising(25, 30, 60, always));

  it('is 0 when all was caught, and the run is over', () => {
    play({ runs: { 25: run }, caught: caughtOfRun }, { injected: 300, caught: 300, difference: 0 });
  });

  it('is 0 while it is on its way', () => {
    play(
      { runs: { 25: run }, caught: caughtOfRun, atMinute: 30 },
      { injected: 300, caught: 270, difference: 0 },
    );
  });

  it('says what got through, and what nobody injected', () => {
    const some = (minute: number) => caughtOfRun(minute)! - (minute > 29 ? 7 : 0);
    play({ runs: { 25: run }, caught: some }, { injected: 300, caught: 293, difference: 7 });
    const more = (minute: number) => caughtOfRun(minute)! + (minute > 35 ? 4 : 0);
    play({ runs: { 25: run }, caught: more }, { injected: 300, caught: 304, difference: -4 });
  });

  it('counts a run that was there before from the beginning of the range, also where that lies in a gap', () => {
    const old = rising(1, 39, 60, always);
    const caught = delayed(old);
    const wide = (course: Course) => gap(course, 18, 22);
    play({ runs: { 1: old }, caught }, { injected: 1_140, caught: 1_170, difference: 0 });
    play({ runs: { 1: wide(old) }, caught: wide(caught) }, { injected: 1_265, caught: 1_295, difference: 0 });
  });

  it('says nothing of a run that is older than what Prometheus holds', () => {
    const seen = [28, 40] as const;
    const old = rising(1, 39, 60, seen);
    const caught = (minute: number) => (minute < 28 ? null : rising(1.5, 39.5, 60, always)(minute));
    play({ runs: { 1: old }, caught }, { injected: 660, caught: 690 });
    // begun in the range, and Prometheus later
    play(
      {
        runs: { 22: rising(22, 39, 60, seen) },
        caught: (m) => (m < 28 ? null : rising(22.5, 39.5, 60, always)(m)),
      },
      { injected: 660, caught: 690 },
    );
  });

  it('counts a run from 0 that began after the first look of a new Prometheus', () => {
    const caught = (minute: number) => (minute < 24 ? null : caughtOfRun(minute));
    play({ runs: { 25: run }, caught }, { injected: 300, caught: 300, difference: 0 });
  });

  it('is not too much because of a run that ended just before the range', () => {
    const before = rising(15, 19.5, 60, [15, 19.6]);
    const caught = (minute: number) =>
      caughtOfRun(minute)! + delayed(rising(15, 19.5, 60, always), 1)(minute)!;
    play({ runs: { 15: before, 25: run }, caught }, { injected: 300, caught: 330, difference: 0 });
  });

  it('says nothing while the sink is behind, and while nobody looks', () => {
    const nothing = () => 0;
    const stuck = () => 26 * 60;
    play({ runs: { 25: run }, caught: nothing, until: stuck }, { injected: 300, caught: 0 });
    const dead = (minute: number) => (minute > 27 ? null : caughtOfRun(minute));
    play({ runs: { 25: run }, caught: dead }, { injected: 300, caught: 90 });
  });
});
