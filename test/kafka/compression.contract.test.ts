import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaAdmin, type KafkaAdmin } from '../../kafka/admin.ts';
import { startTestKafka, type TestKafka } from '../helpers/stack.ts';
import { collect, connectionTo, createTopic, freshName, range, waitUntil } from './log-fixture.ts';

const JARS = join(resolve(import.meta.dirname, '../../.reelstream/vendor/java/kafka'), '*');

let kafka: TestKafka;
let admin: KafkaAdmin;
beforeAll(async () => {
  kafka = await startTestKafka();
  admin = createKafkaAdmin({ connection: connectionTo(kafka.brokers) });
});
afterAll(async () => {
  await admin?.close();
  await kafka?.remove();
});

/** Kafka's own console producer: what other people's Java services put into a topic. */
function javaProduces(topic: string, codec: string, lines: readonly string[]): Promise<void> {
  const args = ['-Xmx64m', '-XX:TieredStopAtLevel=1', '-cp', JARS, 'org.apache.kafka.tools.ConsoleProducer'];
  const options = [
    '--bootstrap-server',
    kafka.brokers,
    '--topic',
    topic,
    '--compression-codec',
    codec,
    '--batch-size',
    '100000',
  ];
  const child = spawn('java', [...args, ...options], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code) =>
      code === 0 ? done() : failed(new Error(`console producer ended with ${code}`)),
    );
  });
}

it('reads batches of every codec as Java writes them, mixed in one partition', {
  timeout: 90_000,
}, async () => {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
  const perCodec = 3_000;
  const topic = await createTopic(admin);
  const topics = await Promise.all(codecs.map(() => createTopic(admin)));
  for (const [i, codec] of codecs.entries()) {
    const values = range(i * perCodec, (i + 1) * perCodec).map(String);
    await Promise.all([javaProduces(topics[i]!, codec, values), javaProduces(topic, codec, values)]);
  }
  const mixed = await collect(kafka.brokers, topic, freshName('group'));
  await waitUntil(() => mixed.values().length === codecs.length * perCodec, 'all codecs');
  expect(mixed.values()).toEqual(range(0, codecs.length * perCodec));
  await mixed.reader.stop();
  for (const [i, own] of topics.entries()) {
    const collected = await collect(kafka.brokers, own, freshName('group'), { startAt: () => 1_234 });
    await waitUntil(
      () => collected.values().length === perCodec - 1_234,
      `${codecs[i]} from the middle of a batch`,
    );
    expect(collected.values()).toEqual(range(i * perCodec + 1_234, (i + 1) * perCodec));
    await collected.reader.stop();
  }
});
