import { describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../../cli/drill/drill-result.ts';
import { HISTORY_DRILLS } from '../../../../cli/drill/history/cases.ts';
import type { Moment } from '../../../../cli/drill/history/history-drill.ts';
import { runHistoryDrill } from '../../../../cli/drill/history/run-history.ts';
import type { Told } from '../../../../cli/drill/receiver.ts';
import type { Clock } from '../../../../core/clock.ts';

const DRILL = HISTORY_DRILLS.find(({ name }) => name === 'api-slow-burn')!;
const SLOW = 'ApiErrorBudgetSlowBurn';
type Word = readonly [alert: string, status: Told['status']];
const FIRING: Word = [SLOW, 'firing'];
const RESOLVED: Word = [SLOW, 'resolved'];

interface Play {
  /** what Alertmanager tells once a moment is watched */
  readonly tells?: Partial<Record<Moment, readonly Word[]>>;
  readonly heartbeats?: boolean;
  readonly evaluates?: boolean;
  readonly stopAt?: Moment;
}

/** A drill whose waits pass at once. */
async function run(play: Play): Promise<DrillResult & { readonly watched: Moment[] }> {
  let nowMs = 0;
  let heartbeats = 0;
  const told: Told[] = [];
  const watched: Moment[] = [];
  const stop = new AbortController();
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms;
      if (play.heartbeats !== false) heartbeats += 1;
    },
  };
  const result = await runHistoryDrill(DRILL, {
    clock,
    stop: stop.signal,
    show() {},
    receiver: { url: '', heartbeatUrl: '', told: () => told, heartbeats: () => heartbeats, async close() {} },
    stack: {
      prometheus: {
        alerts: async () => [],
        hasResult: async () => play.evaluates !== false,
        range: async () => [],
      },
      prepare: async (drill, moment) => ({
        ...{ drill, moment, series: [], dataFolder: '' },
        placement: { moment: 0, atMs: 0 },
      }),
      async watch({ moment }) {
        watched.push(moment);
        nowMs += 1_000;
        if (play.stopAt === moment) stop.abort();
        for (const [alert, status] of play.tells?.[moment] ?? []) {
          told.push({ alert, status, labels: { alertname: alert }, summary: `${alert} is on`, atMs: nowMs });
        }
      },
      async stop() {},
    },
  });
  return { ...result, watched };
}

describe('a drill on history', () => {
  it('is passed when nothing was told too early, exactly the expected, and its end', async () => {
    const result = await run({ tells: { told: [FIRING], over: [RESOLVED] } });
    expect(result).toMatchObject({ deviations: [], toldAfterSeconds: [1], resolvedAfterSeconds: 1 });
    expect(result.watched).toEqual(['silent', 'told', 'over']);
  });

  it('fails when the alert comes at the moment at which nothing may be told', async () => {
    const { deviations } = await run({ tells: { silent: [FIRING], told: [FIRING], over: [RESOLVED] } });
    expect(deviations).toEqual([`${SLOW} was told: at ${DRILL.words.silent} already`]);
  });

  it('fails when it does not come, when another one comes, and when it does not end', async () => {
    expect((await run({})).deviations).toEqual([`${SLOW} was not told`]);
    const another = await run({
      tells: { told: [FIRING, ['CanaryLate', 'firing']], over: [RESOLVED, ['CanaryLate', 'resolved']] },
    });
    expect(another.deviations).toEqual([expect.stringContaining('CanaryLate was told')]);
    expect((await run({ tells: { told: [FIRING] } })).deviations).toEqual([
      `${SLOW} was not told to be over`,
    ]);
  });

  it('fails without a heartbeat, and when Prometheus does not evaluate its rules', async () => {
    const silent = await run({ heartbeats: false, tells: { told: [FIRING], over: [RESOLVED] } });
    expect(silent.deviations).toEqual(['no heartbeat came: the way of alerts is broken']);
    const { deviations } = await run({ evaluates: false });
    expect(deviations).toEqual(['not done: Prometheus did not evaluate its rules']);
  });

  it('is left as soon as it is told to stop', async () => {
    await expect(run({ stopAt: 'silent' })).rejects.toThrow('the drill was stopped');
  });
});
