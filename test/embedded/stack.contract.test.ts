import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMonitoringPrograms } from '../../embedded/monitoring-programs.ts';
import { registryUrl } from '../../embedded/registry.ts';
import { findFreePorts, isListening } from '../../embedded/supervisor/ports.ts';
import { readListeningSockets } from '../../embedded/supervisor/resource-use.ts';
import type { ProcessStatus } from '../../embedded/supervisor/stack-status.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const programs = findMonitoringPrograms(process.env.PATH ?? '', join(ROOT, '.reelstream/vendor/monitoring'));
/** The stack runs without monitoring where set-up could not get it, and so do its tests. */
const PARTS = [
  'kafka',
  'registry',
  'clickhouse',
  ...(['prometheus', 'alertmanager'] as const).filter((name) => programs[name] !== null),
];
const isMonitored = programs.prometheus && programs.promtool && programs.alertmanager;

let home: string;
/** of PARTS, and Kafka's second one */
let ports: number[];
let prometheusPort: number;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'reelstream-stack-'));
  const names = ['KAFKA', 'KAFKA_CONTROLLER', 'REGISTRY', 'CLICKHOUSE', 'PROMETHEUS', 'ALERTMANAGER'];
  const all = await findFreePorts(names.length);
  prometheusPort = all[4]!;
  ports = all.filter((_, i) => i < 4 || PARTS.includes(names[i]!.toLowerCase()));
  environment = {
    ...process.env,
    REELSTREAM_HOME: home,
    ...Object.fromEntries(names.map((name, i) => [`REELSTREAM_${name}_PORT`, String(all[i])])),
  };
});
afterAll(async () => {
  await reelstream('down');
  rmSync(home, { recursive: true });
});

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function reelstream(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [join(ROOT, 'cli/reelstream.mjs'), ...args], { env: environment });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((done) => {
    child.once('close', (code) => done({ exitCode: code ?? -1, stdout, stderr }));
  });
}

const processesIn = ({ stdout }: Outcome) => (JSON.parse(stdout) as { processes: ProcessStatus[] }).processes;
const stateOf = (processes: ProcessStatus[]) => Object.fromEntries(processes.map((p) => [p.name, p.state]));

async function clickhouse(query: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports[3]}/`, { method: 'POST', body: query });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text.trim();
}

/** The id the registry gives to one schema: the same for the same schema as long as it remembers. */
async function register(): Promise<number> {
  const response = await fetch(`${registryUrl(ports[2]!)}/subjects/probe-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: '"long"' }),
  });
  const body = (await response.json()) as { id: number };
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body.id;
}

/** These run in order: one stack, brought up, hurt, stopped and brought up again. */
describe('the embedded stack', () => {
  let processes: ProcessStatus[];

  it('comes up whole and answers', async () => {
    const up = await reelstream('up', '--json');
    expect(up.exitCode, up.stderr).toBe(0);
    processes = processesIn(up);
    expect(stateOf(processes)).toEqual(Object.fromEntries(PARTS.map((name) => [name, 'ready'])));
  });

  it.runIf(process.platform === 'linux')('listens on 127.0.0.1 alone, and on no port but its own', () => {
    const sockets = readListeningSockets(processes.map(({ pid }) => pid!));
    expect(new Set(sockets.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
    expect(sockets.map(({ port }) => port).sort()).toEqual([...ports].sort());
  });

  it('fits in its memory', () => {
    const totalMb = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / 1e6;
    expect(totalMb).toBeGreaterThan(300);
    expect(totalMb).toBeLessThan(1_500);
  });

  it.runIf(isMonitored)(
    'Prometheus accepts its configuration, knows Alertmanager and reaches what speaks its format',
    async () => {
      const config = join(home, 'run/config/prometheus/prometheus.yml');
      execFileSync(programs.promtool!, ['check', 'config', config]);
      const ask = async (path: string) => {
        const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
        return (await response.json()) as { data: { activeAlertmanagers: unknown[]; result: unknown[] } };
      };
      await expect
        .poll(async () => (await ask('alertmanagers')).data.activeAlertmanagers, { timeout: 15_000 })
        .toHaveLength(1);
      const isUp = 'query?query=up{job=~"registry|clickhouse|prometheus|alertmanager"}==1';
      await expect.poll(async () => (await ask(isUp)).data.result, { timeout: 15_000 }).toHaveLength(4);
    },
  );

  it('status says what was killed, up starts that alone, and nothing is lost', async () => {
    const schemaId = await register();
    await clickhouse('CREATE DATABASE kept');
    await clickhouse('CREATE TABLE kept.rows (n UInt32) ENGINE = MergeTree ORDER BY n');
    await clickhouse('INSERT INTO kept.rows SELECT number FROM numbers(1000)');
    const kafka = new Kafka({ brokers: [`127.0.0.1:${ports[0]}`], logLevel: logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }, { value: 'two' }] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    expect((await reelstream('status')).exitCode).toBe(0);

    for (const name of ['registry', 'kafka']) {
      process.kill(processes.find((one) => one.name === name)!.pid!, 'SIGKILL');
    }
    const hurt = await reelstream('status', '--json');
    expect(hurt.exitCode).toBe(1);
    expect(stateOf(processesIn(hurt))).toMatchObject({
      kafka: 'died',
      registry: 'died',
      clickhouse: 'ready',
    });
    const up = await reelstream('up');
    expect(up.exitCode, up.stderr).toBe(0);
    expect(up.stderr).toContain('registry: ready');
    expect(up.stderr).toContain('clickhouse: runs already');

    expect(await register()).toBe(schemaId);
    expect(await clickhouse('SELECT count(), sum(n) FROM kept.rows')).toBe('1000\t499500');
    await admin.connect();
    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ partition: 0, high: '2' }]);
    await admin.disconnect();
  });

  it('down leaves nothing, twice', async () => {
    const down = await reelstream('down');
    expect(down.exitCode, down.stderr).toBe(0);
    expect(down.stdout.split('\n').filter((line) => line.endsWith(': stopped'))).toHaveLength(PARTS.length);
    for (const port of ports) expect(await isListening(port)).toBe(false);
    expect(await reelstream('down')).toMatchObject({ exitCode: 0, stdout: 'nothing was running\n' });
    const status = await reelstream('status', '--json');
    expect(status.exitCode).toBe(1);
    expect(new Set(Object.values(stateOf(processesIn(status))))).toEqual(new Set(['stopped']));
    expect(readFileSync(join(home, 'logs/kafka.log'), 'utf8')).toContain('Kafka Server started');
  });
});
