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

it('reads batches of every codec as Java writes them, from any place in them', {
  timeout: 90_000,
}, async () => {
  const codecs = ['gzip', 'snappy', 'lz4', 'zstd'];
  const perCodec = 3_000;
  const total = codecs.length * perCodec;
  const topic = await createTopic(admin);
  for (const [i, codec] of codecs.entries()) {
    await javaProduces(topic, codec, range(i * perCodec, (i + 1) * perCodec).map(String));
  }
  for (const start of [0, ...codecs.map((_, i) => i * perCodec + 1_234)]) {
    const collected = await collect(kafka.brokers, topic, freshName('group'), { startAt: () => start });
    await waitUntil(() => collected.values().length === total - start, `the records from ${start}`);
    expect(collected.values()).toEqual(range(start, total));
    await collected.reader.stop();
  }
});
