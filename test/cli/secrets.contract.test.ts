import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../embedded/supervisor/ports.ts';
import { SETTINGS } from '../../runtime/settings-list.ts';
import { type RunningService, runProgram, startService } from '../helpers/program.ts';

/** Every secret there is, each with a value of its own. */
const SECRETS = Object.fromEntries(
  Object.entries(SETTINGS)
    .filter(([, { secret }]) => secret)
    .map(([name], i) => [name, `Hidden-${i}-value/+ =`]),
);
const USER = 'somebody';

let home: string;
let clickhousePort: number;
let server: RunningService | undefined;
let environment: Readonly<Record<string, string>>;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'reelstream-secrets-'));
  // Nobody listens there but the ClickHouse of the last test
  const [clickhouse, kafka, registry, sink, producer] = (await findFreePorts(5)) as [number, ...number[]];
  clickhousePort = clickhouse;
  environment = {
    ...SECRETS,
    REELSTREAM_HOME: home,
    REELSTREAM_LOG_LEVEL: 'debug',
    REELSTREAM_CLICKHOUSE_PORT: String(clickhouse),
    REELSTREAM_CLICKHOUSE_USERNAME: USER,
    REELSTREAM_CLICKHOUSE_READONLY_USERNAME: 'reader',
    REELSTREAM_KAFKA_PORT: String(kafka),
    REELSTREAM_KAFKA_SASL_MECHANISM: 'plain',
    REELSTREAM_KAFKA_SASL_USERNAME: USER,
    REELSTREAM_REGISTRY_PORT: String(registry),
    REELSTREAM_REGISTRY_USERNAME: USER,
    REELSTREAM_SINK_METRICS_PORT: String(sink),
    REELSTREAM_PRODUCER_METRICS_PORT: String(producer),
  };
});
afterAll(async () => {
  await server?.kill();
  rmSync(home, { recursive: true, force: true });
});

/** The secrets that a text gives away, plain or as they travel. */
function secretsIn(text: string): string[] {
  const travelling = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').slice(0, 12),
    ...[USER, 'reader'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64')),
  ];
  return Object.entries(SECRETS)
    .filter(([, secret]) => travelling(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

describe('no secret is printed or logged', () => {
  it('would be noticed', () => {
    const [name, secret] = Object.entries(SECRETS)[0]!;
    expect(Object.keys(SECRETS).length).toBeGreaterThan(3);
    expect(secretsIn(`Basic ${Buffer.from(`${USER}:${secret}`).toString('base64')}`)).toEqual([name]);
  });

  it.each([
    ['doctor'],
    ['sink'],
    ['produce', '--count', '1'],
    ['migrate'],
    ['audit'],
    ['sql', 'SELECT 1'],
    ['status'],
    ['no-such-command'],
  ])('by %s when everything is away', async (...args) => {
    const { code, stdout, stderr } = await runProgram(args, environment);
    expect([1, 2, 3]).toContain(code);
    expect(stdout + stderr).not.toBe('');
    expect(secretsIn(stdout + stderr)).toEqual([]);
  });

  it('by a refusal of settings', async () => {
    const wrong = {
      REELSTREAM_CLICKHOUSE_URL: `http://${USER}:${SECRETS.REELSTREAM_CLICKHOUSE_PASSWORD}@db`,
    };
    const { code, stderr } = await runProgram(['status'], { ...environment, ...wrong });
    expect([code, stderr]).toEqual([2, expect.stringContaining('REELSTREAM_CLICKHOUSE_URL: must')]);
    expect(secretsIn(stderr)).toEqual([]);
  });

  it('by the ClickHouse server, to whom it lets in and to whom not, nor in its metrics', async () => {
    const url = `http://127.0.0.1:${clickhousePort}`;
    // Its threads given, it is one process
    server = await startService(
      ['clickhouse-server'],
      { ...environment, UV_THREADPOOL_SIZE: '24' },
      `${url}/ping`,
    );
    const ask = (password: string, query: string) =>
      fetch(`${url}/?query=${encodeURIComponent(query)}`, {
        headers: { 'X-ClickHouse-User': USER, 'X-ClickHouse-Key': password },
      });
    const password = SECRETS.REELSTREAM_CLICKHOUSE_PASSWORD!;
    const inUrl = new URLSearchParams({ user: USER, password, query: 'SELECT nothing FROM nowhere' });
    const answers = [
      await ask('wrong', 'SELECT 1'),
      await ask(password, 'SELECT 1'),
      await fetch(`${url}/?${inUrl}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 200, 404]);
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('reelstream_');
    const { stdout, stderr } = await server.stop();
    expect(stdout + stderr).not.toBe('');
    expect(secretsIn([...bodies, metrics, stdout, stderr].join('\n'))).toEqual([]);
  });
});
