import { ReelstreamError } from '../core/errors.ts';
import { createCanaryMeasures } from './measure-canary.ts';
import { createChecksMeasure } from './measure-checks.ts';
import { createLagMeasure } from './measure-lag.ts';
import {
  createCaughtMeasure,
  createPeriodsMeasure,
  createSettledMeasure,
  createTableBytesMeasure,
} from './measure-tables.ts';
import type { ReconcilerContext, ReconcilerOptions, ReconcilerParts } from './reconciler-context.ts';
import { type MeasureStatus, Rounds } from './rounds.ts';

export const RECONCILER_METRIC_NAMES = [
  'kafka_topic_end_offset',
  'kafka_group_committed_offset',
  'kafka_group_lag_events',
  'recon_expected_consumer',
  'recon_source_events',
  'recon_sink_events',
  'recon_tolerance_ratio',
  'recon_caught_events',
  'recon_caught_until_timestamp_seconds',
  'recon_canary_timestamp_seconds',
  'recon_canary_interval_seconds',
  'recon_canaries_sent_total',
  'recon_period_rows',
  'recon_previous_period_rows',
  'recon_last_week_period_rows',
  'recon_period_bytes',
  'recon_previous_period_bytes',
  'recon_dip_threshold_ratio',
  'recon_min_rows',
  'recon_table_bytes',
  'recon_check_passed',
  'recon_check_value',
  'recon_check_expectation',
  'recon_last_success_timestamp_seconds',
  'recon_measure_failures_total',
  'recon_interval_seconds',
] as const;

export interface ReconcilerStatus {
  readonly measures: readonly MeasureStatus[];
  readonly expected: Readonly<Record<string, boolean>>;
}

/**
 * Looks at Kafka and ClickHouse from outside and exports what it sees. It keeps nothing: a restart loses nothing but the word
 * of an operator that a group is stopped on purpose.
 */
export class Reconciler {
  readonly #ctx: ReconcilerContext;
  readonly #rounds: Rounds;

  constructor(options: ReconcilerOptions, parts: ReconcilerParts) {
    const ctx: ReconcilerContext = {
      options,
      parts,
      expected: new Map(options.groups.map((group) => [group, true])),
    };
    this.#ctx = ctx;
    this.#rounds = new Rounds(
      [
        createLagMeasure(ctx),
        ...createCanaryMeasures(ctx),
        createSettledMeasure(ctx),
        createCaughtMeasure(ctx),
        createPeriodsMeasure(ctx),
        createTableBytesMeasure(ctx),
        createChecksMeasure(ctx),
      ],
      { ...parts, deadlineMs: options.deadlineMs },
    );
    parts.metrics.set('recon_interval_seconds', {}, options.intervalMs / 1_000);
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Why its figures are not to be trusted; empty when they are. */
  notReady(): string[] {
    return this.#rounds.status().flatMap(({ name, succeededAtMs, error }) => {
      if (error !== null) return [`${name}: ${error}`];
      return succeededAtMs === null ? [`${name}: not yet`] : [];
    });
  }

  status(): ReconcilerStatus {
    return { measures: this.#rounds.status(), expected: Object.fromEntries(this.#ctx.expected) };
  }

  /**
   * A group that is stopped on purpose is not missed until it is expected again, or this process starts anew.
   * @throws ReelstreamError `usage` for anything but `{"group": <a known one>, "expected": <bool>}`
   */
  expect(body: unknown): object {
    const { group, expected } = (body ?? {}) as Readonly<Record<string, unknown>>;
    const known = [...this.#ctx.expected.keys()];
    if (typeof group !== 'string' || !known.includes(group) || typeof expected !== 'boolean') {
      throw new ReelstreamError(
        'usage',
        `send {"group": one of ${known.join(', ')}, "expected": true or false}`,
      );
    }
    this.#ctx.expected.set(group, expected);
    return { expected: Object.fromEntries(this.#ctx.expected) };
  }
}
