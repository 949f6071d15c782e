import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../core/metrics-catalogue.ts';
import { createPublisher } from '../../../producer/measure/publish.ts';
import { createRunTotals } from '../../../producer/measure/run-totals.ts';
import type { LoadProgress } from '../../../producer/run/load-run.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { delaysOf, NO_DELAYS, progressOf } from './fixture.ts';

const NAMES = [
  'producer_target_events_per_second',
  'producer_events_generated_total',
  'producer_events_acked_total',
  'producer_events_failed_total',
  'producer_events_overloaded_total',
  'producer_injected_total',
  'producer_acked_bytes_total',
  'producer_queue_events',
  'producer_schedule_delay_seconds',
  'producer_ack_duration_seconds',
] as const;

function openPublisher() {
  const metrics = createMetrics({
    service: 'producer',
    version: '1',
    names: NAMES,
    knownLabels: { topic: ['ratings'] },
  });
  const publisher = createPublisher(metrics, 'ratings');
  const totals = createRunTotals(1);
  return {
    publish(changes: Partial<LoadProgress>) {
      totals.absorb(0, progressOf(changes), 0);
      publisher.publish(totals.counts(), totals.byLabel());
    },
    observe: publisher.observe,
    async value(series: string) {
      const { body } = await metrics.expose();
      const line = body.split('\n').find((one) => one.startsWith(`reelstream_${series} `));
      return line === undefined ? null : Number(line.split(' ').at(-1));
    },
  };
}

describe('the published figures', () => {
  it('are totals as counters, whatever was published before', async () => {
    const { publish, value } = openPublisher();
    const first = { generated: 10, records: 12, recordsAcknowledged: 6, bytes: 1_200, overloaded: 1 };
    publish(first);
    publish({
      ...first,
      generated: 30,
      records: 36,
      recordsAcknowledged: 36,
      bytes: 3_600,
      recordsFailed: 2,
    });
    publish({
      ...first,
      generated: 30,
      records: 36,
      recordsAcknowledged: 36,
      bytes: 3_600,
      recordsFailed: 2,
    });
    expect(await value('producer_events_generated_total{topic="ratings"}')).toBe(30);
    expect(await value('producer_events_acked_total{topic="ratings"}')).toBe(36);
    expect(await value('producer_events_failed_total{topic="ratings",reason="delivery"}')).toBe(2);
    expect(await value('producer_events_overloaded_total{topic="ratings"}')).toBe(1);
    expect(await value('producer_acked_bytes_total{topic="ratings"}')).toBe(3_600);
  });

  it('are the state of the moment as gauges: target 0 when stopped on purpose', async () => {
    const { publish, value } = openPublisher();
    publish({ targetRate: 500, inFlight: 17 });
    expect(await value('producer_target_events_per_second{topic="ratings"}')).toBe(500);
    expect(await value('producer_queue_events{topic="ratings"}')).toBe(17);
    publish({ targetRate: 0, inFlight: 0 });
    expect(await value('producer_target_events_per_second{topic="ratings"}')).toBe(0);
  });

  it('count faults by kind, all forms together', async () => {
    const { publish, value } = openPublisher();
    publish({ byLabel: { 'poison/json': 2, 'poison/empty': 3, drop: 1 } });
    publish({ byLabel: { 'poison/json': 4, 'poison/empty': 3, drop: 1 } });
    expect(await value('producer_injected_total{topic="ratings",kind="poison"}')).toBe(7);
    expect(await value('producer_injected_total{topic="ratings",kind="drop"}')).toBe(1);
    expect(await value('producer_injected_total{topic="ratings",kind="late"}')).toBe(0);
  });

  it('estimate acknowledged bytes without ever going back', async () => {
    const { publish, value } = openPublisher();
    publish({ records: 10, recordsAcknowledged: 10, bytes: 1_000 });
    // a cheap record follows: the mean falls
    publish({ records: 30, recordsAcknowledged: 11, bytes: 1_200 });
    expect(await value('producer_acked_bytes_total{topic="ratings"}')).toBe(1_000);
  });

  it('put every delay into its bucket', async () => {
    const { observe, value } = openPublisher();
    const delays = [0.2, 0.4, 3, 3, 80, 2_500, 400_000];
    observe({ schedule: delaysOf(...delays.slice(0, 3)), delivery: NO_DELAYS });
    observe({ schedule: delaysOf(...delays.slice(3)), delivery: delaysOf(7) });
    const name = 'producer_schedule_delay_seconds';
    for (const bound of METRICS[name].buckets) {
      const below = delays.filter((ms) => ms / 1_000 <= bound).length;
      expect(await value(`${name}_bucket{topic="ratings",le="${bound}"}`), String(bound)).toBe(below);
    }
    expect(await value(`${name}_count{topic="ratings"}`)).toBe(delays.length);
    const sum = delays.reduce((total, ms) => total + ms, 0) / 1_000;
    expect(await value(`${name}_sum{topic="ratings"}`)).toBeCloseTo(sum, 0);
    expect(await value('producer_ack_duration_seconds_count{topic="ratings"}')).toBe(1);
  });
});
