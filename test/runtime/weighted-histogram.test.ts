import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../runtime/metrics.ts';

const DELAYS = [
  [0.05, 3],
  [0.1, 1],
  [0.7, 40],
  [299, 2],
  [1_000, 5],
] as const;

describe('weighted histogram', () => {
  it('shows what prom-client shows when each value is observed one by one', async () => {
    const registry = new Registry();
    const labels = { topic: 'ratings', group: 'g' };
    const reference = new Histogram({
      name: 'reelstream_consumer_event_delay_seconds',
      help: 'Kafka log time to durable in ClickHouse',
      labelNames: ['topic', 'group'],
      buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300],
      registers: [registry],
    });
    const metrics = createMetrics({
      service: 'test',
      version: '0',
      names: ['consumer_event_delay_seconds'],
      knownLabels: { topic: ['ratings'], group: ['g'] },
    });
    for (const [value, times] of DELAYS) {
      metrics.observe('consumer_event_delay_seconds', labels, value, times);
      for (let i = 0; i < times; i++) reference.observe(labels, value);
    }
    const { body } = await metrics.expose();
    expect(samples(body)).toEqual(samples(await registry.metrics()));
    expect(samples(body).length).toBe(14);
  });
});

/** `le` may stand anywhere among the labels; sums of many small floats may differ in the last digit */
function samples(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('reelstream_consumer_event_delay_seconds'))
    .map((line) => {
      const [, name, labels, value] = /^(\w+)\{(.*)\} (.*)$/.exec(line)!;
      return `${name} ${labels!.split(',').sort().join(',')} ${Number(Number(value).toFixed(6))}`;
    })
    .sort();
}
