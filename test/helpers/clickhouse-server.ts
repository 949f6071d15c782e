import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface TestClickHouse {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** SIGKILL, as a crash */
  kill(): Promise<void>;
  /** starts it again on the same data and port, after `kill` or with a clean stop before */
  restart(): Promise<void>;
  /** stops it and removes everything it left */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 30_000;

/** The embedded ClickHouse server as its own process (from `dist`), on a free port over a temporary folder. */
export async function startTestClickHouse(extraArguments: readonly string[] = []): Promise<TestClickHouse> {
  const dataDir = await mkdtemp(join(tmpdir(), 'reelstream-clickhouse-'));
  let running = await launch(dataDir, 0, extraArguments);
  return {
    get url() {
      return `http://127.0.0.1:${running.port}`;
    },
    get pid() {
      return running.process.pid ?? 0;
    },
    dataDir,
    kill: () => end(running.process, 'SIGKILL'),
    async restart() {
      await end(running.process, 'SIGTERM');
      running = await launch(dataDir, running.port, extraArguments);
    },
    async stop() {
      await end(running.process, 'SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function launch(dataDir: string, port: number, extraArguments: readonly string[]) {
  const program = resolve(import.meta.dirname, '../../dist/cli/main.js');
  const given = ['clickhouse-server', '--data', dataDir, '--port', String(port), ...extraArguments];
  const child = spawn(process.execPath, [program, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4_000);
  });
  const lines = createInterface({ input: child.stdout });
  const ready = once(lines, 'line').then(([line]) => JSON.parse(String(line)) as { port: number });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the ClickHouse server ended (${code ?? signal}) before it was ready:\n${complaints}`);
  });
  const late = timeout(START_TIMEOUT_MS, () => `the ClickHouse server was not ready in time:\n${complaints}`);
  try {
    const { port: listening } = await Promise.race([ready, ended, late.promise]);
    const ping = await fetch(`http://127.0.0.1:${listening}/ping`);
    if ((await ping.text()) !== 'Ok.\n') throw new Error('the ClickHouse server does not answer /ping');
    return { process: child, port: listening };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    late.cancel();
    ended.catch(() => undefined);
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
  return { promise, cancel: () => clearTimeout(timer) };
}
