import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface TestClickHouse {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** what the server said when it was ready */
  readonly ready: ReadyLine;
  /** SIGKILL, as a crash */
  kill(): Promise<void>;
  /** starts it again on the same data and port, after `kill` or with a clean stop before */
  restart(): Promise<void>;
  /** SIGTERM; resolves when the process is gone, with its exit code */
  terminate(): Promise<number | null>;
  /** stops it and removes everything it left */
  stop(): Promise<void>;
}

export interface TestClickHouseOptions {
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface ReadyLine {
  readonly port: number;
  readonly version: string;
  readonly wasCleanStop: boolean;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 30_000;

/** The embedded ClickHouse server as its own process (from `dist`), on a free port over a temporary folder. */
export async function startTestClickHouse(options: TestClickHouseOptions = {}): Promise<TestClickHouse> {
  const dataDir = await mkdtemp(join(tmpdir(), 'reelstream-clickhouse-'));
  const scratchDir = existsSync('/dev/shm') ? join('/dev/shm', basename(dataDir)) : join(dataDir, 'scratch');
  const start = (port: number) => launch({ dataDir, scratchDir, port }, options);
  let running = await start(0);
  return {
    get url() {
      return `http://127.0.0.1:${running.ready.port}`;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    get ready() {
      return running.ready;
    },
    dataDir,
    kill: () => end(running.child, 'SIGKILL'),
    async restart() {
      await end(running.child, 'SIGTERM');
      running = await start(running.ready.port);
    },
    async terminate() {
      await end(running.child, 'SIGTERM');
      return running.child.exitCode;
    },
    async stop() {
      // its data goes with it: an orderly stop would only take longer
      await end(running.child, 'SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly dataDir: string;
  readonly scratchDir: string;
  readonly port: number;
}

async function launch({ dataDir, scratchDir, port }: Place, options: TestClickHouseOptions) {
  const program = resolve(import.meta.dirname, '../../dist/cli/main.js');
  const given = ['--data', dataDir, '--scratch', scratchDir, '--port', String(port)];
  const args = [program, 'clickhouse-server', ...given, ...(options.arguments ?? [])];
  const child = spawn(process.execPath, args, {
    // over the channel it notices that this process is gone, even when it was killed, and stops
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '24', ...options.environment },
  });
  child.channel?.unref();
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4_000);
  });
  const lines = createInterface({ input: child.stdout as Readable });
  const said = once(lines, 'line').then(([line]) => JSON.parse(String(line)) as ReadyLine);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the ClickHouse server ended (${code ?? signal}) before it was ready:\n${complaints}`);
  });
  ended.catch(() => undefined);
  const late = timeout(START_TIMEOUT_MS, () => `the ClickHouse server was not ready in time:\n${complaints}`);
  try {
    const ready = await Promise.race([said, ended, late.promise]);
    const ping = await fetch(`http://127.0.0.1:${ready.port}/ping`);
    if ((await ping.text()) !== 'Ok.\n') throw new Error('the ClickHouse server does not answer /ping');
    return { child, ready };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    late.cancel();
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const late = timeout(STOP_TIMEOUT_MS, () => 'the ClickHouse server did not stop in time');
  await Promise.race([exited, late.promise])
    .catch((error) => {
      child.kill('SIGKILL');
      throw error;
    })
    .finally(() => late.cancel());
}

function timeout(ms: number, message: () => string) {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), ms);
  });
  promise.catch(() => undefined);
  return { promise, cancel: () => clearTimeout(timer) };
}
