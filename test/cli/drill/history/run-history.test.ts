import { describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../../cli/drill/drill-result.ts';
import { HISTORY_DRILLS } from '../../../../cli/drill/history/cases.ts';
import { MOMENTS, type Moment } from '../../../../cli/drill/history/history-drill.ts';
import { runHistoryDrill } from '../../../../cli/drill/history/run-history.ts';
import type { Told } from '../../../../cli/drill/receiver.ts';
import type { Clock } from '../../../../core/clock.ts';
import { ReelstreamError } from '../../../../core/errors.ts';

const DRILL = HISTORY_DRILLS.find(({ name }) => name === 'api-slow-burn')!;
const SLOW = 'ApiErrorBudgetSlowBurn';
type Word = readonly [alert: string, status: Told['status']];
const FIRING: Word = [SLOW, 'firing'];
const RESOLVED: Word = [SLOW, 'resolved'];

const AS_EXPECTED: Play = { tells: { told: [FIRING], over: [RESOLVED] } };

interface Play {
  /** what Alertmanager tells once a moment is watched */
  readonly tells?: Partial<Record<Moment, readonly Word[]>>;
  readonly heartbeats?: boolean;
  /** moments at which Prometheus does not get to its rules */
  readonly unevaluated?: readonly Moment[];
  /** what is pending or firing at a moment */
  readonly open?: Partial<Record<Moment, readonly string[]>>;
  /** rules that end with an error */
  readonly failing?: Partial<Record<Moment, readonly string[]>>;
  /** what a past is made of; resolves at once unless said otherwise */
  readonly prepares?: (moment: Moment, stop: AbortController) => Promise<void>;
  readonly stopAt?: Moment;
}

/** A drill whose waits pass at once. */
async function run(play: Play): Promise<DrillResult & { readonly watched: Moment[] }> {
  let nowMs = 0;
  let heartbeats = 0;
  const told: Told[] = [];
  const watched: Moment[] = [];
  const stop = new AbortController();
  const now = () => watched.at(-1)!;
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
        alerts: async () => [...(play.open?.[now()] ?? [])],
        hasResult: async () => !play.unevaluated?.includes(now()),
        failingRules: async () => [...(play.failing?.[now()] ?? [])],
        range: async () => [],
      },
      async prepare(drill, moment) {
        await play.prepares?.(moment, stop);
        const placement = { moment: 0, atMs: 0 };
        return { drill, moment, series: [], dataFolder: '', placement };
      },
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
    const { deviations } = await run({ unevaluated: ['silent'] });
    expect(deviations).toEqual(['not done: Prometheus did not evaluate its rules']);
  });

  it.each(['told', 'over'] as const)(
    'fails when rules are not evaluated at the moment "%s"',
    async (moment) => {
      const { deviations } = await run({ ...AS_EXPECTED, unevaluated: [moment] });
      expect(deviations).toEqual([`rules at ${DRILL.words[moment]}: Prometheus did not evaluate its rules`]);
    },
  );

  it.each(MOMENTS)('fails when a rule ends with an error at the moment "%s"', async (moment) => {
    const { deviations } = await run({
      ...AS_EXPECTED,
      failing: { [moment]: ['CanaryLate (many-to-many)'] },
    });
    expect(deviations).toEqual([`rules at ${DRILL.words[moment]}: CanaryLate (many-to-many)`]);
  });

  it('fails when an alert that was never told stays open at the end, each named once', async () => {
    const { deviations } = await run({ ...AS_EXPECTED, open: { over: ['CanaryLate', 'CanaryLate'] } });
    expect(deviations).toEqual(['still open: CanaryLate']);
    expect((await run({ ...AS_EXPECTED, open: { told: ['CanaryLate'] } })).deviations).toEqual([]);
  });

  it.each(MOMENTS)('is not done, and others go on, when the past of "%s" cannot be made', async (moment) => {
    const { deviations } = await run({
      ...AS_EXPECTED,
      async prepares(one) {
        if (one === moment) throw new ReelstreamError('unavailable', 'promtool made no blocks');
      },
    });
    expect(deviations).toEqual(['not done: promtool made no blocks']);
  });

  it('prepares nothing any more when it returns', async () => {
    let isReady = false;
    const { deviations } = await run({
      unevaluated: ['silent'],
      async prepares(moment) {
        if (moment !== 'told') return;
        await new Promise((resolve) => setTimeout(resolve, 20));
        isReady = true;
      },
    });
    expect(deviations).toEqual(['not done: Prometheus did not evaluate its rules']);
    expect(isReady).toBe(true);
  });

  it('is stopped, and not just not done, when what it waits for is given up for that', async () => {
    const stopped = run({
      async prepares(_moment, stop) {
        stop.abort();
        throw new ReelstreamError('unavailable', 'the start was called off');
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'halted' });
  });

  it('is left as soon as it is told to stop', async () => {
    await expect(run({ stopAt: 'silent' })).rejects.toThrow('the drill was stopped');
  });
});
