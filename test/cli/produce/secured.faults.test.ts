import { createServer as createHttpServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaConnectionFrom } from '../../../cli/wiring.ts';
import { findFreePorts } from '../../../embedded/supervisor/ports.ts';
import { createKafkaAdmin } from '../../../kafka/admin.ts';
import { openKafkaWriter } from '../../../kafka/kafka-writer.ts';
import { readSettings } from '../../../runtime/settings.ts';
import { runProgram } from '../../helpers/program.ts';
import { type SecuredKafka, startSecuredKafka } from '../../helpers/secured-kafka.ts';
import { collect, waitUntil } from '../../kafka/log-fixture.ts';

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const EVENTS = 300;
const WRONG_PASSWORD = 'Hidden-value';
/** The writer alone has no reason to try for long: nothing will change. */
const CONNECT_TIMEOUT_MS = 1_500;

/** the least that a broker with Kafka's own settings grants */
const SESSION_TIMEOUT_MS = 6_000;

type Environment = Readonly<Record<string, string>>;

let kafka: SecuredKafka;
let registry: Server;
let environment: Environment;
beforeAll(async () => {
  kafka = await startSecuredKafka();
  const [port, registryPort] = (await findFreePorts(2)) as [number, number];
  // one that knows a single schema: it is Kafka that is looked at here
  registry = createHttpServer((_, response) =>
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify({ id: 1, compatibilityLevel: 'FULL_TRANSITIVE' })),
  ).listen(registryPort, '127.0.0.1');
  environment = {
    REELSTREAM_KAFKA_BROKERS: kafka.secured,
    REELSTREAM_KAFKA_TLS: 'true',
    REELSTREAM_KAFKA_TLS_CA_FILE: kafka.authorityFile,
    REELSTREAM_KAFKA_SASL_MECHANISM: 'scram-sha-512',
    REELSTREAM_KAFKA_SASL_USERNAME: kafka.username,
    REELSTREAM_KAFKA_SASL_PASSWORD: kafka.password,
    REELSTREAM_REGISTRY_URL: `http://127.0.0.1:${registryPort}`,
    REELSTREAM_PRODUCER_METRICS_PORT: String(port),
  };
}, 120_000);
afterAll(async () => {
  registry?.close();
  await kafka?.remove();
});

const produce = (env: Environment, ...args: string[]) =>
  runProgram(['produce', '--count', String(EVENTS), '--rate', '2000', '--min-achieved', '0', ...args], env);
const connection = (changes: Environment = {}) =>
  kafkaConnectionFrom(readSettings({ ...environment, ...changes }), 'test');

const ledgerOf = (mechanism: string) => join(kafka.authorityFile, '..', `${mechanism}.ledger`);
const envOf = (mechanism: string): Environment => ({
  ...environment,
  REELSTREAM_KAFKA_SASL_MECHANISM: mechanism,
  REELSTREAM_RATINGS_TOPIC: `by-${mechanism}`,
});

describe('a cluster that wants TLS and a login', () => {
  it.concurrent.each(MECHANISMS)('takes what produce sends by %s', async (mechanism) => {
    const [port] = (await findFreePorts(1)) as [number];
    const ledger = ledgerOf(mechanism);
    const env = { ...envOf(mechanism), REELSTREAM_PRODUCER_METRICS_PORT: String(port) };
    const produced = await produce(env, '--create-topic', '--ledger', ledger);
    expect(produced, produced.stderr).toMatchObject({ code: 0 });
    expect(produced.stdout + produced.stderr).not.toContain(kafka.password);
  });

  it('lets verify read, over the other client', async () => {
    const env = envOf('scram-sha-256');
    const verified = await runProgram(
      ['verify', '--ledger', ledgerOf('scram-sha-256'), '--no-clickhouse'],
      env,
    );
    expect(verified, verified.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the log agrees with the ledger'),
    });
  });

  it('lets the sink read as a member of its group', async () => {
    const collected = await collect('', 'by-plain', 'secured-group', {
      connection: connection(),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    });
    const read = () => collected.fetches.reduce((sum, { records }) => sum + records.length, 0);
    await waitUntil(() => read() === EVENTS || collected.fatal.length > 0, 'all events are read');
    await collected.reader.stop();
    expect(collected.fatal).toEqual([]);
  });

  it.each([
    [
      'a wrong password',
      { REELSTREAM_KAFKA_SASL_PASSWORD: WRONG_PASSWORD },
      'REELSTREAM_KAFKA_SASL_PASSWORD',
    ],
    ['an unknown authority', { REELSTREAM_KAFKA_TLS_CA_FILE: '' }, 'REELSTREAM_KAFKA_TLS_CA_FILE'],
  ])('%s ends produce with 3 and names the setting', async (_, changes: Environment, setting) => {
    const env = { ...environment, REELSTREAM_RATINGS_TOPIC: 'by-plain', ...changes };
    const { code, stdout, stderr } = await produce(env);
    expect({ code, said: stdout + stderr }).toEqual({ code: 3, said: expect.stringContaining(setting) });
    for (const password of [kafka.password, WRONG_PASSWORD]) expect(stdout + stderr).not.toContain(password);
    expect(stdout + stderr).not.toContain('--create-topic');
  });

  it.concurrent.each([
    ['a wrong password', { REELSTREAM_KAFKA_SASL_PASSWORD: WRONG_PASSWORD }, 'login', false],
    ['an unknown authority', { REELSTREAM_KAFKA_TLS_CA_FILE: '' }, 'certificate', true],
    ['a host that the certificate does not name', {}, 'certificate', true],
  ])('refuses %s with either client', async (what, changes: Environment, refused, retryable) => {
    const byAddress = { REELSTREAM_KAFKA_BROKERS: kafka.secured.replace('localhost', '127.0.0.1') };
    const wrong = connection(what.startsWith('a host') ? byAddress : changes);
    const admin = createKafkaAdmin({ connection: wrong });
    await expect(admin.clusterId()).rejects.toMatchObject({
      code: 'unavailable',
      retryable,
      details: { refused },
    });
    await admin.close();
    const writing = openKafkaWriter({
      connection: wrong,
      topic: 'by-plain',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
    await expect(writing).rejects.toMatchObject({ code: 'unavailable' });
  });
});

it('asks a TLS server for the host by its name, as clusters behind one address need it', async () => {
  const asked: string[] = [];
  const server = createTlsServer({
    SNICallback(name, done) {
      asked.push(name);
      done(new Error('seen'));
    },
  });
  server.on('tlsClientError', (_, socket: TLSSocket) => socket.destroy());
  const [port] = (await findFreePorts(1)) as [number];
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const admin = createKafkaAdmin({
    connection: { brokers: [`localhost:${port}`], clientId: 'test', tls: true },
    timeoutMs: 2_000,
  });
  await expect(admin.clusterId()).rejects.toMatchObject({ code: 'unavailable' });
  await admin.close();
  server.close();
  expect(asked).toContain('localhost');
});
