import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { Partitioners, type Transaction } from 'kafkajs';
import { freshName, plainKafka } from './log-fixture.ts';

/** Work with a transactional producer that writes into partition 0; values are numbers as text. */
export async function inTransactions(
  brokers: string,
  topic: string,
  work: (
    begin: () => Promise<Transaction>,
    send: (transaction: Transaction, values: number[]) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const producer = plainKafka(brokers).producer({
    transactionalId: freshName('tx'),
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const send = async (transaction: Transaction, values: number[]) => {
    await transaction.send({
      topic,
      messages: values.map((value) => ({ partition: 0, value: String(value) })),
    });
  };
  await work(() => producer.transaction(), send);
  await producer.disconnect();
}

const JARS = join(resolve(import.meta.dirname, '../../.reelstream/vendor/java/kafka'), '*');

/** Kafka's own console producer: what other people's Java services put into a topic. */
export function javaProduces(
  brokers: string,
  topic: string,
  codec: string,
  lines: readonly string[],
): Promise<void> {
  const args = ['-Xmx64m', '-XX:TieredStopAtLevel=1', '-cp', JARS, 'org.apache.kafka.tools.ConsoleProducer'];
  const where = ['--bootstrap-server', brokers, '--topic', topic];
  const how = ['--compression-codec', codec, '--batch-size', '100000'];
  const child = spawn('java', [...args, ...where, ...how], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code) =>
      code === 0 ? done() : failed(new Error(`console producer ended with ${code}`)),
    );
  });
}
