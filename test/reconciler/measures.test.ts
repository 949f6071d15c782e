import { describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../clickhouse/connection.ts';
import { createManualClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import type { ForgetfulMetrics } from '../../core/metrics-port.ts';
import type { RatingEvent } from '../../core/rating-event.ts';
import { NO_FILE_CHECKS } from '../../reconciler/checks-file.ts';
import { createCanaryMeasures } from '../../reconciler/measure-canary.ts';
import { publishChecks } from '../../reconciler/measure-checks.ts';
import { createLagMeasure } from '../../reconciler/measure-lag.ts';
import { Reconciler } from '../../reconciler/reconciler.ts';
import type { ReconcilerOptions, ReconcilerParts } from '../../reconciler/reconciler-context.ts';
import type { CheckResult } from '../../reconciler/run-checks.ts';

const OPTIONS: ReconcilerOptions = {
  topic: 'ratings',
  sinkGroup: 'the-sink',
  groups: ['a-recommender'],
  intervalMs: 30_000,
  lagIntervalMs: 5_000,
  canaryIntervalMs: 5_000,
  checksIntervalMs: 60_000,
  deadlineMs: 1_000,
  toleranceRatio: 0,
  dipThresholdRatio: 0.7,
  minRows: 10,
  settleMs: 0,
  rangeRecords: 1_000,
};

/** Series as Prometheus would see them. */
function recordedMetrics() {
  const series = new Map<string, number>();
  const key = (name: string, labels: object) => `${name}${JSON.stringify(labels)}`;
  const metrics: ForgetfulMetrics = {
    add: (name, labels, value = 1) =>
      void series.set(key(name, labels), (series.get(key(name, labels)) ?? 0) + value),
    set: (name, labels, value) => void series.set(key(name, labels), value),
    observe() {},
    forget: (name) => {
      for (const one of [...series.keys()]) if (one.startsWith(`${name}{`)) series.delete(one);
    },
  };
  return { metrics, value: (name: string, labels: object) => series.get(key(name, labels)) ?? null };
}

function world(changes: Partial<ReconcilerParts> = {}, options: Partial<ReconcilerOptions> = {}) {
  const { metrics, value } = recordedMetrics();
  const encoded: RatingEvent[] = [];
  const written: number[] = [];
  const parts: ReconcilerParts = {
    clickhouse: { query: async () => [] } as unknown as ClickHouse,
    admin: {
      clusterId: async () => 'c',
      bounds: async () =>
        new Map([
          [0, { start: 0, end: 100 }],
          [1, { start: 40, end: 60 }],
        ]),
      committed: async () => new Map([[0, 70]]),
    },
    writer: { write: async (records) => void written.push(...records.map(({ partition }) => partition)) },
    encode: async (event) => {
      encoded.push(event);
      return Buffer.from('x');
    },
    newEventId: () => new Uint8Array(16),
    told: async () => null,
    fileChecks: NO_FILE_CHECKS,
    metrics,
    logger: silentLogger,
    clock: createManualClock(1_000_000),
    ...changes,
  };
  const all = { ...OPTIONS, ...options };
  const expected = new Map(all.groups.map((group) => [group, true]));
  return { ctx: { options: all, parts, expected }, parts, value, encoded, written };
}

const lagLabels = (partition: number) => ({ topic: 'ratings', group: 'a-recommender', partition });

describe('lag', () => {
  it('of a group is what its process says, and while it is silent the furthest it said or committed', async () => {
    let told: Map<number, number> | null = new Map([
      [0, 90],
      [1, 60],
    ]);
    const { ctx, value } = world({ told: async () => told });
    const { run } = createLagMeasure(ctx);
    await run();
    expect(value('kafka_group_lag_events', lagLabels(0))).toBe(10);
    expect(value('kafka_group_lag_events', lagLabels(1))).toBe(0);
    told = null;
    await run();
    expect(value('kafka_group_committed_offset', lagLabels(0))).toBe(90);
    // a restart that went back to its snapshot
    told = new Map([[0, 30]]);
    await run();
    expect(value('kafka_group_lag_events', lagLabels(0))).toBe(70);
  });

  it('is there for a group that never read, from where the log begins', async () => {
    const { ctx, value } = world({ admin: { ...world().parts.admin, committed: async () => new Map() } });
    await createLagMeasure(ctx).run();
    expect(value('kafka_group_lag_events', lagLabels(1))).toBe(20);
    expect(value('kafka_group_committed_offset', lagLabels(1))).toBeNull();
    expect(value('recon_expected_consumer', { topic: 'ratings', group: 'a-recommender' })).toBe(1);
  });

  it('of one group is exported although another cannot be asked, and the failure is raised', async () => {
    const away = new ReelstreamError('unavailable', 'ClickHouse did not answer');
    const { ctx, value } = world(
      {
        clickhouse: {
          query: async () => {
            throw away;
          },
        } as unknown as ClickHouse,
      },
      { groups: ['the-sink', 'a-recommender'] },
    );
    await expect(createLagMeasure(ctx).run()).rejects.toThrow('ClickHouse did not answer');
    expect(value('kafka_group_lag_events', lagLabels(0))).toBe(30);
    expect(value('kafka_topic_end_offset', { topic: 'ratings', partition: 0 })).toBe(100);
  });
});

describe('canaries', () => {
  it('go into every partition, concern nobody, and count when they are acknowledged', async () => {
    const { ctx, value, encoded, written } = world();
    const [sent, seen] = createCanaryMeasures(ctx);
    await sent!.run();
    expect(written).toEqual([0, 1]);
    expect(encoded[0]).toMatchObject({ kind: 'CANARY', userId: 0, movieId: 0, rating: null });
    expect(value('recon_canaries_sent_total', { topic: 'ratings' })).toBe(2);
    // none shows yet: their age counts from the first that was sent
    await seen!.run();
    const labels = { topic: 'ratings', group: 'the-sink', partition: 1 };
    expect(value('recon_canary_timestamp_seconds', labels)).toBe(1_000);
  });

  it('do not count when Kafka did not take them', async () => {
    const { ctx, value } = world({
      writer: {
        write: async () => {
          throw new ReelstreamError('unavailable', 'no broker');
        },
      },
    });
    await expect(createCanaryMeasures(ctx)[0]!.run()).rejects.toThrow('no broker');
    expect(value('recon_canaries_sent_total', { topic: 'ratings' })).toBeNull();
  });

  it('are none at an interval of 0', () => {
    const { ctx, value } = world({}, { canaryIntervalMs: 0 });
    expect(createCanaryMeasures(ctx)).toEqual([]);
    expect(value('recon_canary_interval_seconds', { topic: 'ratings' })).toBe(0);
  });
});

describe('checks', () => {
  it('leave no series behind that nobody renews', () => {
    const { metrics, value } = recordedMetrics();
    const result = (name: string, outcome: CheckResult['outcome'], expectation: number | null) =>
      ({ name, operator: '>=', severity: 'page', outcome, value: 3, expectation }) as CheckResult;
    publishChecks(metrics, [result('a', 'failed', 4), result('b', 'skipped', null)]);
    const labels = (check: string) => ({ check, operator: '>=', severity: 'page' });
    expect(value('recon_check_passed', labels('a'))).toBe(0);
    expect(value('recon_check_passed', labels('b'))).toBe(1);
    expect(value('recon_check_expectation', { check: 'b' })).toBeNull();
    publishChecks(metrics, [result('b', 'passed', 3)]);
    expect(value('recon_check_passed', labels('a'))).toBeNull();
    expect(value('recon_check_value', { check: 'a' })).toBeNull();
  });
});

describe('a group that is stopped on purpose', () => {
  it('is not expected until it is said to be', () => {
    const { parts } = world();
    const reconciler = new Reconciler(OPTIONS, parts);
    expect(reconciler.expect({ group: 'a-recommender', expected: false })).toEqual({
      expected: { 'a-recommender': false },
    });
    expect(reconciler.status().expected).toEqual({ 'a-recommender': false });
    for (const body of [null, {}, { group: 'another', expected: false }, { group: 'a-recommender' }]) {
      expect(() => reconciler.expect(body)).toThrow(/one of a-recommender/);
    }
    expect(reconciler.notReady()).toContain('lag: not yet');
  });
});
