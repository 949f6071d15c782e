import { describe, expect, it } from 'vitest';
import { DRILLS } from '../../../cli/drill/cases.ts';
import { type AnyDrill, type DrillResult, notDone } from '../../../cli/drill/drill-result.ts';
import { HISTORY_DRILLS } from '../../../cli/drill/history/cases.ts';
import { runAll, type Ways } from '../../../cli/drill/run-all.ts';
import { ReelstreamError } from '../../../core/errors.ts';

const LOSS = DRILLS.find(({ name }) => name === 'loss')!;
const THIN = HISTORY_DRILLS.find(({ name }) => name === 'rows-thin')!;
const passed = (drill: AnyDrill): DrillResult => ({ ...notDone(drill, ''), deviations: [] });

function ways(changes: Partial<Ways>): { readonly called: string[]; readonly ways: Ways } {
  const called: string[] = [];
  const all: Ways = {
    requireHistory: () => void called.push('require'),
    async running(drills) {
      called.push('running');
      return drills.map(passed);
    },
    async onHistory(drills) {
      called.push('on history');
      return drills.map(passed);
    },
    ...changes,
  };
  return { called, ways: all };
}
const throws = (code: 'unavailable' | 'halted', text: string) => () => {
  throw new ReelstreamError(code, text);
};

describe('both ways of drilling in one run', () => {
  it('looks for what history needs before anything starts, and only when it is needed', async () => {
    const good = ways({});
    expect((await runAll([LOSS, THIN], good.ways)).map(({ drill }) => drill.name)).toEqual([
      'loss',
      'rows-thin',
    ]);
    expect(good.called).toEqual(['require', 'running', 'on history']);

    const missing = ways({ requireHistory: throws('unavailable', 'needs promtool') });
    await expect(runAll([LOSS, THIN], missing.ways)).rejects.toThrow('needs promtool');
    expect(missing.called).toEqual([]);
    expect(await runAll([LOSS], missing.ways)).toHaveLength(1);
  });

  it('keeps the results there are when the second stack does not start', async () => {
    const broken = ways({ onHistory: async () => throws('unavailable', 'no Alertmanager')() });
    expect((await runAll([LOSS, THIN], broken.ways)).map(({ deviations }) => deviations)).toEqual([
      [],
      ['not done: no Alertmanager'],
    ]);
    await expect(runAll([THIN], broken.ways)).rejects.toThrow('no Alertmanager');
  });

  it('ends when it is told to stop', async () => {
    const stopped = ways({ onHistory: async () => throws('halted', 'stopped')() });
    await expect(runAll([LOSS, THIN], stopped.ways)).rejects.toThrow('stopped');
  });
});
