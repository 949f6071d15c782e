import { inject } from 'vitest';

const START_TIMEOUT_MS = 120_000;

/** Where the run's shared Kafka is, `host:port`. Nobody may pause, stop or reconfigure it: topics and groups need names of their own. */
export const sharedKafka = (): Promise<string> => ask('kafka');

/** Base address of the Confluent API of the run's shared registry, which stores in the shared Kafka. */
export const sharedRegistry = (): Promise<string> => ask('registry');

/** Base address of the run's shared ClickHouse, for whoever keeps to databases of its own. */
export const sharedClickHouse = (): Promise<string> => ask('clickhouse');

async function ask(name: string): Promise<string> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const answer = await fetch(`${inject('sharedServers')}/${name}`, { signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the shared ${name} did not start: ${text}`);
  return text;
}
