import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitForEnd } from '../../../embedded/supervisor/child-process.ts';
import { findFreePort, findFreePorts, isListening } from '../../../embedded/supervisor/ports.ts';
import { isAlive, ownIdentity } from '../../../embedded/supervisor/process-identity.ts';
import { readResidentBytes } from '../../../embedded/supervisor/resource-use.ts';
import { readRunRecords, stackFolders, writeRunRecord } from '../../../embedded/supervisor/run-record.ts';
import type { StackEvent } from '../../../embedded/supervisor/stack-events.ts';
import { readStackStatus } from '../../../embedded/supervisor/stack-status.ts';
import { stopStack } from '../../../embedded/supervisor/stop-stack.ts';
import { type Supervisor, takeStack } from '../../../embedded/supervisor/supervisor.ts';
import { fakeSpec } from '../fixtures/fake-spec.mjs';

const SUPERVISE = join(import.meta.dirname, '../fixtures/supervise.mjs');

let home: string;
let events: StackEvent[];
const open: { stop(): Promise<void> }[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'reelstream-stack-'));
  events = [];
});
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await stopStack({ home, onStopped() {}, orderlyDeadlineMs: 2_000, hurriedDeadlineMs: 2_000 });
  rmSync(home, { recursive: true });
});

async function take(purpose: 'supervise' | 'change' = 'supervise'): Promise<Supervisor> {
  const onEvent = (event: StackEvent) => events.push(event);
  const stack = await takeStack({ home, environment: process.env, purpose, onEvent });
  open.push(stack);
  return stack;
}

/** A supervisor in a process of its own, up and running. */
async function superviseElsewhere(...processes: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [SUPERVISE, home, ...processes], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return child;
}

async function killHard(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const said = () => events.map((event) => `${event.kind} ${event.name}`);
const down = async () => {
  const stopped: string[] = [];
  await stopStack({
    home,
    onStopped: ({ name, outcome }) => stopped.push(`${name} ${outcome}`),
    orderlyDeadlineMs: 5_000,
    hurriedDeadlineMs: 5_000,
  });
  return stopped;
};

describe('a stack in the foreground', () => {
  it('starts in order, stops in reverse, leaves neither process nor record', async () => {
    const [one, two] = await findFreePorts(2);
    const stack = await take();
    await stack.start([
      fakeSpec({ name: 'sink', port: two!, after: ['kafka'] }),
      fakeSpec({ name: 'kafka', port: one! }),
    ]);
    const records = readRunRecords(home);
    expect(records.every(isAlive)).toBe(true);
    expect(stack.residentBytes().get('kafka')).toBeGreaterThan(10_000_000);
    await stack.stop();
    expect(said()).toEqual([
      'starting kafka',
      'ready kafka',
      'starting sink',
      'ready sink',
      'stopped sink',
      'stopped kafka',
    ]);
    expect(records.some(isAlive)).toBe(false);
    expect(readRunRecords(home)).toEqual([]);
    expect(existsSync(stackFolders(home).lockFile)).toBe(false);
  });

  it('a process that ends before it is ready fails the start with its last words; the others are stopped', async () => {
    const [one, two] = await findFreePorts(2);
    const stack = await take();
    const dying = fakeSpec({ name: 'registry', port: two!, manner: ['end-after', 1, 7], after: ['kafka'] });
    const start = stack.start([
      fakeSpec({ name: 'kafka', port: one! }),
      { ...dying, isReady: async () => false },
    ]);
    await expect(start).rejects.toThrow(
      /registry ended with exit code 7 before it was ready(.|\n)*last words/,
    );
    expect(readRunRecords(home)).toEqual([]);
    expect(await isListening(one!)).toBe(false);
  });

  it('a process that is never ready fails the start at its deadline and is not left running', async () => {
    const port = await findFreePort();
    const stack = await take();
    const deaf = fakeSpec({ name: 'deaf', port, readyDeadlineMs: 300, isReady: async () => false });
    await expect(stack.start([deaf])).rejects.toThrow('deaf was not ready after 0.3 s');
    expect(await isListening(port)).toBe(false);
  });

  it('a command that does not exist is said in one sentence', async () => {
    const stack = await take();
    const spec = fakeSpec({ name: 'lost', port: await findFreePort(), command: '/no/such/program' });
    await expect(stack.start([spec])).rejects.toThrow('lost cannot be started: /no/such/program');
  });

  it('what cannot be prepared is a part that is away, not a fault of the program', async () => {
    const stack = await take();
    const prepare = async () => {
      throw Object.assign(new Error('spawn java ENOENT'), { code: 'ENOENT' });
    };
    const spec = fakeSpec({ name: 'kafka', port: await findFreePort(), prepare });
    await expect(stack.start([spec])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^kafka cannot be started: .*: spawn java ENOENT$/),
    });
  });

  it('a process that cannot be put on record is not left running', async () => {
    const port = await findFreePort();
    const stack = await take();
    // Where the record would be written first
    mkdirSync(join(stackFolders(home).recordFolder, 'kafka.json.new'), { recursive: true });
    await expect(stack.start([fakeSpec({ name: 'kafka', port })])).rejects.toMatchObject({
      code: 'unavailable',
    });
    // It would listen by now
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await isListening(port)).toBe(false);
  });

  it('an optional part that fails is left out', async () => {
    const [one, two] = await findFreePorts(2);
    const stack = await take();
    await stack.start([
      fakeSpec({ name: 'prometheus', port: two!, command: '/no/such/program', optional: true }),
      fakeSpec({ name: 'kafka', port: one! }),
    ]);
    expect(said()).toContain('skipped prometheus');
    expect(await isListening(one!)).toBe(true);
  });

  it('a taken port is named with the setting that chooses another, before anything starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const stack = await take();
    const specs = [
      fakeSpec({ name: 'kafka', port: await findFreePort() }),
      fakeSpec({ name: 'registry', port }),
    ];
    await expect(stack.start(specs)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(`port ${port} on 127.0.0.1, wanted by registry, is taken by .*REELSTREAM_FAKE_PORT`),
      ),
    });
    expect(said()).toEqual([]);
    server.close();
  });

  it('so is the port of a process that comes later', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const stack = await take();
    const kafka = fakeSpec({ name: 'kafka', port: await findFreePort() });
    await expect(stack.start([kafka], [fakeSpec({ name: 'sink', port })])).rejects.toThrow(
      `port ${port} on 127.0.0.1, wanted by sink`,
    );
    expect(said()).toEqual([]);
    server.close();
  });

  it('stopped in the middle of a start leaves nothing behind and starts nothing more', async () => {
    const [one, two] = await findFreePorts(2);
    const stack = await take();
    const starting = stack.start([
      fakeSpec({ name: 'kafka', port: one! }),
      fakeSpec({ name: 'deaf', port: two!, isReady: async () => false, after: ['kafka'] }),
    ]);
    const outcome = expect(starting).rejects.toThrow('the start of deaf was called off');
    await expect.poll(said).toContain('starting deaf');
    await stack.stop();
    await outcome;
    expect(readRunRecords(home)).toEqual([]);
    await expect(stack.start([fakeSpec({ name: 'late', port: one! })])).rejects.toThrow('was called off');
    expect([await isListening(one!), await isListening(two!)]).toEqual([false, false]);
  });

  it('a death nobody asked for is reported with the last lines; the rest can still be stopped', async () => {
    const [one, two] = await findFreePorts(2);
    const stack = await take();
    await stack.start([
      fakeSpec({ name: 'kafka', port: one! }),
      fakeSpec({ name: 'sink', port: two!, manner: ['end-after', 500, 3], after: ['kafka'] }),
    ]);
    expect((await stack.failed).message).toMatch(
      /sink ended with exit code 3 though nobody asked it to(.|\n)*last words/,
    );
    await stack.stop();
    expect(await isListening(one!)).toBe(false);
  });

  it('work of fixed length may end with 0, and its exit can be awaited', async () => {
    const stack = await take();
    const manner = ['end-after', 400, 0];
    await stack.start([
      fakeSpec({ name: 'producer', port: await findFreePort(), manner, endsByItself: true }),
    ]);
    expect(await stack.exited('producer')).toEqual({ code: 0, signal: null });
    await expect.poll(said).toContain('ended producer');
    expect(readRunRecords(home)).toEqual([]);
  });

  it('a process that does not listen to SIGTERM is killed at its deadline', async () => {
    const port = await findFreePort();
    const stack = await take();
    await stack.start([fakeSpec({ name: 'stubborn', port, manner: ['ignore-term'] })]);
    await stack.stop();
    expect(events.at(-1)).toMatchObject({ kind: 'stopped', outcome: 'killed' });
    expect(await isListening(port)).toBe(false);
  });

  it('a process is asked to end, not its children over its head; what it leaves behind goes with it', async () => {
    const stack = await take();
    await stack.start([fakeSpec({ name: 'parent', port: await findFreePort(), manner: ['with-child'] })]);
    const { pid, logFile } = readRunRecords(home)[0]!;
    await stack.stop();
    expect(events.at(-1)).toMatchObject({ kind: 'stopped', outcome: 'stopped' });
    expect(readFileSync(logFile, 'utf8')).not.toContain('asked twice');
    await expect.poll(() => readResidentBytes([pid]).get(pid)).toBe(0);
  });

  it('belongs to one supervisor at a time', async () => {
    await take();
    await expect(take()).rejects.toThrow(`is run by process ${process.pid}`);
    await expect(take('change')).rejects.toThrow(`is run by process ${process.pid}`);
  });
});

describe('after SIGKILL of the supervisor', () => {
  it('down ends what it left, dependents first, also what ignores SIGTERM', async () => {
    const [one, two] = await findFreePorts(2);
    const supervisor = await superviseElsewhere(`${one}`, `${two}:ignore-term`);
    await killHard(supervisor);
    expect(await isListening(one!)).toBe(true);
    expect((await readStackStatus(home, [])).map(({ supervision }) => supervision)).toEqual(['lost', 'lost']);
    expect(await down()).toEqual(['fake-1 killed', 'fake-0 stopped']);
    expect(await isListening(one!)).toBe(false);
    expect(await down()).toEqual([]);
  });

  it('the next start ends what it left and takes the same ports', async () => {
    const port = await findFreePort();
    await killHard(await superviseElsewhere(`${port}`));
    const stack = await take();
    expect(said()).toEqual(['leftover fake-0']);
    await stack.start([fakeSpec({ name: 'fake-0', port })]);
    expect(await isListening(port)).toBe(true);
  });

  it('a number on record that was given to another process since is left alone', async () => {
    const { startTime } = ownIdentity();
    const supervisor = { pid: 2 ** 22 + 1, startTime: '1' };
    const record = {
      name: 'reused',
      fingerprint: '',
      after: [],
      ports: [],
      stopDeadlineMs: 1,
      logFile: '',
      supervisor,
    };
    writeRunRecord(home, { ...record, pid: process.pid, startTime: `${startTime}0`, startedAtMs: 0 });
    expect(await down()).toEqual(['reused gone']);
    expect(readRunRecords(home)).toEqual([]);
  });
});

describe('in the background', () => {
  it('processes go on, are adopted by the next start, watched, and outlive its end', async () => {
    const [one, two] = await findFreePorts(2);
    const kafka = fakeSpec({ name: 'kafka', port: one! });
    const up = await take('change');
    await up.start([kafka]);
    up.detach();
    const foreground = await take();
    await foreground.start([kafka, fakeSpec({ name: 'sink', port: two!, after: ['kafka'] })]);
    expect(said().slice(2)).toEqual(['adopted kafka', 'starting sink', 'ready sink']);
    await foreground.stop();
    expect([await isListening(one!), await isListening(two!)]).toEqual([true, false]);
    const again = await take();
    await again.start([kafka]);
    process.kill(readRunRecords(home)[0]!.pid, 'SIGKILL');
    expect((await again.failed).message).toContain('kafka ended though nobody asked it to');
  });

  it('what runs with another environment or configuration is not adopted', async () => {
    const port = await findFreePort();
    const files = [{ path: join(home, 'config/kafka.properties'), content: 'one' }];
    const kafka = fakeSpec({ name: 'kafka', port, files });
    const up = await take('change');
    await up.start([kafka]);
    expect(readFileSync(files[0]!.path, 'utf8')).toBe('one');
    up.detach();
    const other = await take('change');
    for (const change of [{ env: { PASSWORD: 'new' } }, { files: [{ ...files[0]!, content: 'two' }] }]) {
      await expect(other.start([{ ...kafka, ...change }])).rejects.toThrow(
        'kafka runs in the background with other settings: run reelstream down first',
      );
    }
    await other.start([kafka]);
  });

  it('down asks a living supervisor first, twice before it kills it', async () => {
    const [one, two] = await findFreePorts(2);
    const supervisor = await superviseElsewhere(`${one}`);
    const identity = readRunRecords(home)[0]!.supervisor!;
    expect(identity.pid).toBe(supervisor.pid);
    expect(await down()).toEqual(['supervisor stopped']);
    expect(await waitForEnd(identity, 0)).toBe(true);

    const busy = await superviseElsewhere(`${two}`, 'drain');
    const ended = once(busy, 'exit');
    const asked: number[] = [];
    await stopStack({
      home,
      onStopped() {},
      onAsked: ({ pid }) => asked.push(pid),
      // The second wish must not be taken for the first one
      orderlyDeadlineMs: 1_100,
      hurriedDeadlineMs: 5_000,
    });
    expect(asked).toEqual([busy.pid]);
    // Killed, it would have left its process to us; asked twice, it ended it itself
    expect(await ended).toEqual([1, null]);
    expect([await isListening(one!), await isListening(two!)]).toEqual([false, false]);
  });
});
