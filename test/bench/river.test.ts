import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRiver, RIVER_REFERENCE, readRiverPass } from '../../bench/river.ts';
import { benchSample, type SampleBench } from '../../bench/sample-stream.ts';
import { sampleRows } from '../../cli/bench/recommender.ts';
import { createRatingsTableBuilder } from '../../producer/ratings-table.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reelstream-river-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Stands for a Python: answers the question for its version, and one pass. */
function fakePython(name: string, versionAnswer: string, passAnswer: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = -c ]; then ${versionAnswer}; else ${passAnswer}; fi\n`);
  chmodSync(path, 0o755);
  return path;
}

function someRatings(count: number) {
  const table = createRatingsTableBuilder();
  for (let n = 0; n < count; n++) table.add(1 + (n % 7), 1 + (n % 31), 1 + ((n * 3) % 10), n);
  return table.build();
}

const FIGURES = '{"cpuSeconds": 0.5, "rmse": 0.9, "rmseLast20": 0.8}';

describe('river beside our engines', () => {
  it('is left out where there is no such Python, or one without river', async () => {
    expect(await findRiver(join(folder, 'nowhere'), {})).toBeNull();
    const without = fakePython('without', 'echo "No module named river" >&2; exit 1', 'exit 1');
    expect(await findRiver(without, {})).toBeNull();
  });

  it('is handed the stream in its order, and runs on one thread', async () => {
    const seen = join(folder, 'seen');
    const answer = `echo "$OMP_NUM_THREADS" > ${seen}; head -n 2 >> ${seen}; cat > /dev/null; echo '${FIGURES}'`;
    const river = await findRiver(fakePython('with', 'echo 0.26.1', answer), { PATH: process.env.PATH });
    expect(river?.version).toBe('0.26.1');
    expect(await river!.pass(someRatings(1_000))).toEqual({
      eventsPerSecond: 2_000,
      rmse: 0.9,
      rmseLast20: 0.8,
    });
    expect(readFileSync(seen, 'utf8')).toBe('1\n1,1,0.5\n2,2,2\n');
  });

  it('says what a pass that went wrong printed', async () => {
    const broken = await findRiver(fakePython('broken', 'echo 1', 'echo "no reco" >&2; exit 3'), {});
    await expect(broken!.pass(someRatings(10))).rejects.toThrow(/ended with 3: no reco/);
    for (const text of ['', 'Traceback', '{}', '{"cpuSeconds": 0, "rmse": 1, "rmseLast20": 1}', '[]']) {
      expect(() => readRiverPass(text, 10)).toThrow(/printed no figures/);
    }
  });

  it('gives ratios of one run alone', async () => {
    const ratings = someRatings(2_000);
    const measured = { eventsPerSecond: 100, rmse: 1, rmseLast20: 1 };
    const slower = { ...measured, eventsPerSecond: 50 };
    const passes = [slower, slower, measured, slower, slower];
    const found = await benchSample(ratings, { version: '9.9', pass: async () => passes.pop()! });
    expect(found.riverBiasedMf).toEqual(measured);
    expect(found.ratios!.sgd).toBe(found.sgd.eventsPerSecond / 100);
    expect(found.sgd.rmse).toBeGreaterThan(0);
    expect(namesOf(found)).toEqual(expect.arrayContaining([expect.stringMatching(/river 9\.9/)]));

    const alone = await benchSample(ratings, null);
    expect(alone).toMatchObject({ riverVersion: null, ratios: null, riverBiasedMf: RIVER_REFERENCE });
    expect(namesOf(alone).join()).toMatch(/reference of another run/);
    expect(namesOf(alone).join()).not.toMatch(/ratio/);
  });
});

const namesOf = (sample: SampleBench) => sampleRows(sample).map(([name]) => name);
