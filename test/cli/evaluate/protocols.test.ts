import { describe, expect, it } from 'vitest';
import { PROTOCOLS, type Protocol, RUN } from '../../../cli/evaluate/protocols.ts';
import type { Task } from '../../../cli/evaluate/task.ts';
import { selectRatings } from '../../../recommender/evaluation/ratings.ts';
import { KNOWN_SETTINGS } from '../../../recommender/options.ts';
import { sampleRatings } from '../../recommender/evaluation/sample.ts';

const sample = sampleRatings();
const rows = Array.from({ length: sample.length }, (_, row) => row).filter(
  (row) => sample.userIds[row]! <= 40,
);
const task: Task = {
  ratings: selectRatings(sample, rows),
  hash: '',
  engines: ['sgd', 'svd', 'mean'],
  order: 'time',
  seed: 1,
  model: { ...KNOWN_SETTINGS, epochs: 5, factors: 8 },
  say: () => undefined,
};

/** One row for each that the protocol has a place for. */
const ROWS: Readonly<Record<Protocol, readonly string[]>> = {
  cv3: ['sgd', 'svd', 'mean'],
  prequential: ['sgd', 'sgd, without drift', 'running mean', 'popularity'],
  last10: [
    'recommender, sgd',
    'number of ratings',
    'average of 20 ratings or more',
    'svd, by predicted rating',
  ],
  'next-session': [
    'recommender, sgd',
    'number of ratings',
    'average of 20 ratings or more',
    'svd, by predicted rating',
  ],
  'cold-start': ['recommender', 'popularity'],
  storms: ['sgd'],
  shards: ['1', ...['2', '4', '8', '8'].flatMap((shards) => [shards, shards])],
};

describe('evaluate', () => {
  it.each(PROTOCOLS)('%s fills its table, and gives the same digits again', (protocol) => {
    const report = RUN[protocol](task);
    expect(report.rows.map(([label]) => String(label))).toEqual(ROWS[protocol]);
    expect(report.rows.every((row) => row.length === report.columns.length)).toBe(true);
    expect(JSON.stringify(report.figures)).not.toContain('null');
    expect(RUN[protocol](task)).toEqual(report);
  });

  it('sets others beside ours on their file alone', async () => {
    const { SAMPLE_HASH } = await import('../../../recommender/evaluation/references.ts');
    const known = RUN.cv3({ ...task, engines: ['mean'], hash: SAMPLE_HASH });
    expect(known.rows.some(([label]) => String(label).startsWith('scikit-surprise'))).toBe(true);
    expect(RUN.cv3({ ...task, engines: ['mean'] }).rows).toHaveLength(1);
  });
});
