import { describe, expect, it } from 'vitest';
import type { DrillCase } from '../../../cli/drill/drill-case.ts';
import type { DrillResult } from '../../../cli/drill/drill-result.ts';
import type { DrillStack } from '../../../cli/drill/drill-stack.ts';
import type { Told } from '../../../cli/drill/receiver.ts';
import { runDrill } from '../../../cli/drill/run-drill.ts';
import type { Clock } from '../../../core/clock.ts';

interface Play {
  /** open in Prometheus once the fault is over */
  readonly open?: () => Promise<string[]>;
  readonly undo?: () => Promise<void>;
}

/** A drill whose waits pass at once, and whose alert is told and told to be over. */
async function run(play: Play): Promise<DrillResult> {
  let nowMs = 0;
  let isOver = false;
  const told: Told[] = [];
  const tell = (status: Told['status']) =>
    told.push({ alert: 'X', status, labels: { alertname: 'X' }, summary: 'X is on', atMs: nowMs });
  const drill: DrillCase = {
    ...{ name: 'x', fault: 'x breaks', expected: [{ alert: 'X' }], aftermath: {}, withinMs: 5_000 },
    async cause() {
      tell('firing');
      return async () => {
        isOver = true;
        tell('resolved');
        await play.undo?.();
      };
    },
  };
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms;
    },
  };
  return runDrill(drill, {
    clock,
    stop: new AbortController().signal,
    show() {},
    receiver: { url: '', heartbeatUrl: '', told: () => told, heartbeats: () => nowMs, async close() {} },
    prometheus: {
      alerts: async () => (isOver && play.open ? play.open() : []),
      hasResult: async () => true,
      failingRules: async () => [],
      range: async () => [],
    },
    stack: {} as DrillStack,
  });
}

describe('a drill in a running pipeline', () => {
  it('is passed when its alert was told, told to be over, and nothing is open', async () => {
    expect((await run({})).deviations).toEqual([]);
  });

  it('fails when something is open that nobody was told of, and when nobody can say', async () => {
    expect((await run({ open: async () => ['Y', 'Y'] })).deviations).toEqual(['still open: Y']);
    const silent = () => Promise.reject(new Error('refused'));
    expect((await run({ open: silent })).deviations).toEqual(['still open: Prometheus does not answer']);
  });

  it('fails, and others go on, when the fault cannot be ended', async () => {
    const { deviations } = await run({ undo: () => Promise.reject(new Error('no such part')) });
    expect(deviations).toEqual([expect.stringContaining('the fault could not be ended')]);
  });
});
