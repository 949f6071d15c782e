import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestClickHouse } from '../../helpers/clickhouse-server.ts';
import { embeddedServer, until } from './server-under-test.ts';

type Server = Awaited<ReturnType<typeof embeddedServer>>;
const started: { stop(): Promise<void> }[] = [];
const start = async (...options: Parameters<typeof embeddedServer>): Promise<Server> => {
  const server = await embeddedServer(...options);
  started.push(server);
  return server;
};
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

const statusOf = async (server: Server) =>
  JSON.parse((await server.send({ path: '/reelstream/status' })).text);
const scratchOf = (server: Server) => join('/dev/shm', basename(server.embedded.dataDir));
const slowInsert = (rows: number) =>
  `INSERT INTO films SELECT sleepEachRow(0.01) + number FROM numbers(${rows}) SETTINGS max_block_size = 10, function_sleep_max_microseconds_per_block = 0`;

describe('restarts', () => {
  it('keep the rows, and tell a crash from an orderly stop', async () => {
    const server = await start();
    expect(server.embedded.ready.wasCleanStop).toBe(false);
    await server.value('CREATE TABLE films (id UInt32) ENGINE = MergeTree ORDER BY id');
    await server.insert('INSERT INTO films FORMAT CSV', '1\n2\n');
    const first = await statusOf(server);
    expect(first).toMatchObject({
      wasCleanStop: false,
      isFirstStart: true,
      stopping: false,
      scratchBytes: 0,
    });

    await server.embedded.restart();
    const second = await statusOf(server);
    expect(second.wasCleanStop).toBe(true);
    const inDefault = { params: { database: 'default' } };
    await server.value('CREATE TABLE kept ENGINE = MergeTree ORDER BY a AS SELECT 7 AS a', inDefault);
    expect(second.instanceId).not.toBe(first.instanceId);
    expect(second.startedAtMs).toBeGreaterThan(first.startedAtMs);

    await server.embedded.kill();
    await server.embedded.restart();
    expect(await statusOf(server)).toMatchObject({ wasCleanStop: false, isFirstStart: false });
    expect(await server.value('SELECT sum(id) FROM films')).toBe('3');
    expect(await server.value('SELECT a FROM kept', inDefault)).toBe('7');
  });

  it.runIf(existsSync('/dev/shm'))('empty the scratch folder', async () => {
    const server = await start();
    await server.embedded.kill();
    writeFileSync(join(scratchOf(server), 'body-of-a-crash'), 'x');
    await server.embedded.restart();
    expect(readdirSync(scratchOf(server)).filter((name) => !name.endsWith('.fifo'))).toEqual([]);
    await server.embedded.terminate();
    expect(existsSync(scratchOf(server))).toBe(false);
  });
});

describe('a start that must fail', () => {
  const launch = async (server: Server, port: number) => {
    const program = resolve(import.meta.dirname, '../../../dist/cli/main.js');
    const args = [
      'clickhouse-server',
      '--data',
      server.embedded.dataDir,
      '--scratch',
      scratchOf(server),
      '--port',
      String(port),
    ];
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
    });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    const [code] = await once(child, 'exit');
    return { code, complaints };
  };

  it('on a folder that is in use: says so, and harms nothing', async () => {
    const server = await start();
    await server.value('CREATE TABLE films (id UInt32) ENGINE = MergeTree ORDER BY id');
    const { code, complaints } = await launch(server, 0);
    expect(code).toBe(3);
    expect(complaints).toContain('cannot be opened');
    expect((await server.insert('INSERT INTO films FORMAT CSV', '1\n')).status).toBe(200);
    expect(await server.value('SELECT count() FROM films')).toBe('1');
  });

  it('on a port that is taken: says so, and the last stop stays an orderly one', async () => {
    const server = await start();
    await server.embedded.terminate();
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const { code, complaints } = await launch(server, port);
    expect(code).toBe(2);
    expect(complaints).toContain(String(port));
    blocker.close();
    await server.embedded.restart();
    expect(server.embedded.ready.wasCleanStop).toBe(true);
  });
});

describe('an orderly stop', () => {
  it('refuses what is new, lets an INSERT end and answers it', async () => {
    const server = await start();
    await server.value('CREATE TABLE films (id UInt32) ENGINE = MergeTree ORDER BY id');
    const insert = server.post(slowInsert(150));
    await until('it runs', async () => (await statusOf(server)).running.length === 1);
    const stopped = server.embedded.terminate();
    await until('it stops', async () => (await statusOf(server)).stopping);
    const refused = await server.post('SELECT 1');
    expect([refused.status, refused.headers['x-clickhouse-exception-code']]).toEqual([503, '236']);
    expect((await server.send({ path: '/ping' })).status).toBe(503);
    expect((await insert).status).toBe(200);
    expect(await stopped).toBe(0);
    await server.embedded.restart();
    expect(server.embedded.ready.wasCleanStop).toBe(true);
    expect(await server.value('SELECT count() FROM films')).toBe('150');
  });

  it('kills at the deadline what does not end', async () => {
    const server = await start({ arguments: ['--drain-timeout', '300ms'] });
    await server.value('CREATE TABLE films (id UInt32) ENGINE = MergeTree ORDER BY id');
    const long = server.post(slowInsert(100_000));
    await until('it runs', async () => (await statusOf(server)).running.length === 1);
    expect(await server.embedded.terminate()).toBe(0);
    expect((await long).headers['x-clickhouse-exception-code']).toBe('394');
    await server.embedded.restart();
    expect(server.embedded.ready.wasCleanStop).toBe(true);
  });
});

describe('what it says about itself', () => {
  it('metrics', async () => {
    const server = await start();
    await server.value('SELECT 1');
    await server.post('SELECT nope');
    const { text } = await server.send({ path: '/metrics' });
    expect(text).toContain('reelstream_clickhouse_server_requests_total{kind="select",outcome="ok"} 1');
    expect(text).toContain(
      'reelstream_clickhouse_server_requests_total{kind="select",outcome="client_error"} 1',
    );
    expect(text).toMatch(/reelstream_clickhouse_server_running_queries 0/);
    expect(text).toMatch(/process_resident_memory_bytes \d+/);
  });

  it('a log of requests, without rows and parameters', async () => {
    const server = await start();
    await server.value('CREATE TABLE films (id UInt32, title String) ENGINE = MergeTree ORDER BY id');
    await server.post("INSERT INTO films VALUES (1, 'secret row')", {
      params: { query_id: 'logged-insert' },
    });
    await server.get('SELECT {p:String}', { params: { param_p: 'secret value', query_id: 'logged-select' } });
    await server.get('SELECT nope', { params: { query_id: 'logged-error' } });
    await server.embedded.terminate();
    const log = readFileSync(join(server.embedded.dataDir, 'requests.log'), 'utf8');
    expect(log).not.toContain('secret');
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { queryId: string });
    const of = (id: string) => lines.find(({ queryId }) => queryId === id);
    expect(of('logged-insert')).toMatchObject({
      kind: 'insert',
      outcome: 'ok',
      code: 0,
      writtenRows: 1,
      user: 'default',
    });
    expect(of('logged-select')).toMatchObject({ kind: 'select', text: 'SELECT {p:String}', answerBytes: 13 });
    expect(of('logged-error')).toMatchObject({ outcome: 'client_error', code: 47 });
  });
});

describe('started by hand', () => {
  it('gets its threads by starting itself again, and ends with the process in between', async () => {
    const home = await startTestClickHouse();
    started.push(home);
    await home.terminate();
    const program = resolve(import.meta.dirname, '../../../dist/cli/main.js');
    const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
    const args = [program, 'clickhouse-server', '--data', home.dataDir, '--port', '0'];
    const between = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    const [line] = await once(createInterface({ input: between.stdout }), 'line');
    const { pid, port } = JSON.parse(String(line)) as { pid: number; port: number };
    expect(pid).not.toBe(between.pid);
    expect(await (await fetch(`http://127.0.0.1:${port}/?query=SELECT+1`)).text()).toBe('1\n');
    between.kill('SIGKILL');
    await until('the server is gone too', () => !existsSync(`/proc/${pid}`));

    const again = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    await once(createInterface({ input: again.stdout }), 'line');
    again.kill('SIGTERM');
    expect(await once(again, 'exit')).toEqual([0, null]);
  });
});
