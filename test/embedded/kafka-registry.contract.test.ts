import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBrokerCount } from '../../embedded/kafka-probe.ts';
import { startTestKafka, startTestRegistry, type TestKafka, type TestRegistry } from '../helpers/stack.ts';

describe('Kafka and the registry', () => {
  let kafka: TestKafka;
  let registry: TestRegistry;

  beforeAll(async () => {
    kafka = await startTestKafka();
    registry = await startTestRegistry(kafka.brokers);
  });
  afterAll(async () => {
    await registry?.remove();
    await kafka?.remove();
  });

  it('the broker knows itself', async () => {
    expect(await askBrokerCount(Number(kafka.brokers.split(':')[1]), 2_000)).toBe(1);
  });

  it('a schema keeps its id after Kafka was killed and the registry stopped', async () => {
    const before = await register();
    await registry.stop();
    await kafka.kill();
    await kafka.start();
    await registry.start();
    expect(await register()).toBe(before);
  });

  async function register(): Promise<number> {
    const response = await fetch(`${registry.url}/subjects/probe-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: '"long"' }),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { id: number }).id;
  }
});
