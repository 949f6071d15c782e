import { canaryEvent, readCanaries } from './canary.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import type { Measure } from './rounds.ts';
import { readSinkPositions } from './sink-positions.ts';

/** Puts a canary into every partition, and looks which is the newest that came out. Nothing when none are wanted. */
export function createCanaryMeasures({ options, parts }: ReconcilerContext): Measure[] {
  const { topic, sinkGroup, canaryIntervalMs } = options;
  const { admin, clickhouse, writer, metrics, clock } = parts;
  /** partition -> when its first canary of this process was acknowledged */
  const firstSentMs = new Map<number, number>();
  metrics.set('recon_canary_interval_seconds', { topic }, canaryIntervalMs / 1_000);
  if (canaryIntervalMs === 0) return [];

  const sent: Measure = {
    name: 'canary_sent',
    everyMs: canaryIntervalMs,
    async run() {
      const partitions = [...(await admin.bounds(topic)).keys()];
      const nowMs = clock.nowMs();
      const records = await Promise.all(
        partitions.map(async (partition) => ({
          partition,
          value: await parts.encode(canaryEvent(parts.newEventId(), nowMs)),
        })),
      );
      await writer.write(records);
      for (const partition of partitions) {
        if (!firstSentMs.has(partition)) firstSentMs.set(partition, nowMs);
      }
      metrics.add('recon_canaries_sent_total', { topic }, records.length);
    },
  };
  const seen: Measure = {
    name: 'canary_seen',
    everyMs: Math.min(canaryIntervalMs, options.lagIntervalMs),
    async run() {
      const positions = await readSinkPositions(clickhouse, await admin.clusterId(), topic);
      const newest = await readCanaries(clickhouse, positions);
      for (const [partition, atMs] of new Map([...firstSentMs, ...newest])) {
        metrics.set('recon_canary_timestamp_seconds', { topic, group: sinkGroup, partition }, atMs / 1_000);
      }
    },
  };
  return [sent, seen];
}
