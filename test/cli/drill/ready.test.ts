import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DRILLS } from '../../../cli/drill/cases.ts';
import { promtool, runTool } from '../../alerts/promtool.ts';

const READY = DRILLS.find(({ name }) => name === 'stuck-partition')!.ready!;
const SETTLED = 'group="reelstream-sink",stage="settled",topic="ratings"';
const PRODUCED = 'stage="produced",topic="ratings"';

/** Values of series, as they stand. */
type Now = Readonly<Record<string, number>>;
const now = (produced: number, baselineOfSettled: number, settled = produced): Now => ({
  [`stage:reelstream_events:rate5m{${PRODUCED}}`]: produced,
  [`stage:reelstream_events:rate5m{${SETTLED}}`]: settled,
  [`stage:reelstream_events:baseline1h_held{${PRODUCED}}`]: 150,
  [`stage:reelstream_events:baseline1h_held{${SETTLED}}`]: baselineOfSettled,
  'topic:reelstream_target:running{topic="ratings"}': 150,
});

function isReady(series: Now): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'reelstream-ready-'));
  const file = join(folder, 'test.yml');
  const question = (samples: readonly object[]) => ({
    evaluation_interval: '1s',
    tests: [
      {
        interval: '1s',
        input_series: Object.entries(series).map(([name, value]) => ({
          series: name,
          values: `${value} ${value}`,
        })),
        promql_expr_test: [{ expr: `count(${READY})`, eval_time: '1s', exp_samples: samples }],
      },
    ],
  });
  const holds = (samples: readonly object[]) => {
    writeFileSync(file, JSON.stringify(question(samples)));
    return runTool(promtool!, ['test', 'rules', file]).code === 0;
  };
  try {
    const answers = [holds([{ labels: '{}', value: 1 }]), holds([])];
    // neither: the question itself is wrong
    expect(answers).toContain(true);
    return answers[0]!;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(promtool === null)('a drill for which baselines must be trained', () => {
  it('begins when they say what is produced now, however a reader is doing its batches', () => {
    expect(isReady(now(150, 156))).toBe(true);
    expect(isReady(now(150, 156, 0))).toBe(true);
    expect(isReady(now(150, 156, 375))).toBe(true);
  });

  it('waits while they still hold another load, of the source or of what a reader caught up', () => {
    expect(isReady(now(600, 156))).toBe(false);
    expect(isReady(now(150, 229))).toBe(false);
    expect(isReady(now(150, 80))).toBe(false);
  });

  it('waits for training, for a source that runs, and while nothing is produced', () => {
    const without = (word: string) =>
      Object.fromEntries(Object.entries(now(150, 156)).filter(([name]) => !name.includes(word)));
    expect(isReady(without('baseline1h_held'))).toBe(false);
    expect(isReady(without('running'))).toBe(false);
    expect(isReady(now(0, 156))).toBe(false);
  });

  it('is not kept waiting by a topic without traffic', () => {
    const other = {
      'stage:reelstream_events:rate5m{stage="produced",topic="other"}': 0,
      'stage:reelstream_events:baseline1h_held{stage="produced",topic="other"}': 0,
      'stage:reelstream_events:baseline1h_held{group="a",stage="settled",topic="other"}': 0,
    };
    expect(isReady({ ...now(150, 156), ...other })).toBe(true);
    expect(isReady({ ...now(0, 156), ...other })).toBe(false);
  });
});
