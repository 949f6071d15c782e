import { expect, it } from 'vitest';
import { createInjectedPublisher } from '../../../producer/measure/publish-injected.ts';
import { createMetrics } from '../../../runtime/metrics.ts';

const NAMES = ['producer_injected_records_total', 'producer_injecting_run_timestamp_seconds'] as const;

it('series of what must be caught begin with a run that has such faults, and trials of one process add up', async () => {
  const knownLabels = { topic: ['ratings'], started: [] };
  const metrics = createMetrics({ service: 'producer', version: '1', names: NAMES, knownLabels });
  const lines = async () =>
    (await metrics.expose()).body
      .split('\n')
      .filter((line) => /^reelstream_producer.*([1-9]|reason="decode"} 0)$/.test(line))
      .map((line) => line.replace(/^reelstream_producer_/, ''));
  expect(await lines()).toEqual([]);
  const publish = createInjectedPublisher(metrics, 'ratings', '7');
  const run = 'injecting_run_timestamp_seconds{topic="ratings",started="7"} 7';
  const of = (reason: string, n: number) =>
    `injected_records_total{topic="ratings",started="7",reason="${reason}"} ${n}`;
  expect(await lines()).toEqual([of('decode', 0), run]);
  publish({ duplicate: 2 });
  publish({ duplicate: 5, domain: 1 });
  createInjectedPublisher(metrics, 'ratings', '7')({ duplicate: 4 });
  expect(await lines()).toEqual([of('duplicate', 9), of('decode', 0), of('domain', 1), run]);
});
