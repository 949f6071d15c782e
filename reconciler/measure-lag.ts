import { lagOf } from './lag.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import type { Measure } from './rounds.ts';
import { readSinkPositions } from './sink-positions.ts';

/** End of the log and every group's position, in one round. */
export function createLagMeasure({ options, parts, expected }: ReconcilerContext): Measure {
  const { topic, sinkGroup } = options;
  const { admin, clickhouse, metrics } = parts;
  const remembered = new Map<string, Map<number, number>>();

  async function sinkPositions(): Promise<Map<number, number>> {
    const positions = await readSinkPositions(clickhouse, await admin.clusterId(), topic);
    return new Map(positions.flatMap(({ partition, next }) => (next === null ? [] : [[partition, next]])));
  }

  /** What the process says counts; when it is silent, the furthest that it has said or committed. */
  async function toldPositions(group: string): Promise<ReadonlyMap<number, number>> {
    const [told, committed] = await Promise.all([parts.told(group), admin.committed(group, topic)]);
    const before = remembered.get(group) ?? new Map<number, number>();
    const now = new Map(told ?? before);
    if (!told) {
      for (const [partition, position] of committed) {
        now.set(partition, Math.max(position, now.get(partition) ?? 0));
      }
    }
    remembered.set(group, now);
    return now;
  }

  return {
    name: 'lag',
    everyMs: options.lagIntervalMs,
    async run() {
      const groups = [...expected.keys()];
      for (const group of groups) {
        metrics.set('recon_expected_consumer', { topic, group }, expected.get(group) ? 1 : 0);
      }
      // one group that cannot be asked must not hide another's lag
      const asked = await Promise.allSettled(
        groups.map((group) => (group === sinkGroup ? sinkPositions() : toldPositions(group))),
      );
      const bounds = await admin.bounds(topic);
      for (const [partition, { end }] of bounds) {
        metrics.set('kafka_topic_end_offset', { topic, partition }, end);
      }
      asked.forEach((answer, i) => {
        if (answer.status === 'rejected') return;
        for (const { partition, position, lag } of lagOf(bounds, answer.value)) {
          const labels = { topic, group: groups[i]!, partition };
          metrics.set('kafka_group_lag_events', labels, lag);
          if (position !== null) metrics.set('kafka_group_committed_offset', labels, position);
        }
      });
      const failed = asked.find((answer) => answer.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
