import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { waitUntil } from './wait-until.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/reelstream.mjs');
const RUN_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 45_000;
const SAID_CHARACTERS = 6_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the built program to its end; `environment` is added to the test's own. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  timeoutMs = RUN_TIMEOUT_MS,
): Promise<Finished> {
  const child = spawnProgram(args, environment);
  const finished = collect(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    return await finished;
  } finally {
    clearTimeout(timer);
  }
}

export interface RunningService {
  readonly pid: number;
  /** SIGKILL, returns when it is gone */
  kill(): Promise<void>;
  /** SIGTERM; the exit code, with what it said */
  stop(): Promise<Finished>;
  readonly finished: Promise<Finished>;
  /** the last of what it said so far */
  said(): string;
}

/** Starts a service of the built program and waits until its `/readyz` says so (or until it merely lives). */
export async function startService(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  readyUrl: string | null,
): Promise<RunningService> {
  const child = spawnProgram(args, environment);
  const texts = { stdout: '', stderr: '' };
  const finished = collect(child, texts);
  const said = () => `${texts.stdout}${texts.stderr}`.slice(-SAID_CHARACTERS);
  const service: RunningService = {
    pid: child.pid ?? 0,
    finished,
    said,
    async kill() {
      child.kill('SIGKILL');
      await finished;
    },
    async stop() {
      child.kill('SIGTERM');
      return within(finished, STOP_TIMEOUT_MS, () => `${args[0]} did not stop:\n${said()}`);
    },
  };
  if (readyUrl === null) return service;
  let ended: Finished | null = null;
  void finished.then((result) => {
    ended = result;
  });
  await waitUntil(`${args[0]} is ready`, 60_000, async () => {
    if (ended)
      throw new Error(`${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
    return (await fetch(readyUrl).catch(() => null))?.ok === true;
  });
  return service;
}

function spawnProgram(args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('close', () => process.off('exit', end));
  return child;
}

/** What it said, the last megabyte of it: a service under test may talk for minutes. */
async function collect(child: ChildProcess, texts = { stdout: '', stderr: '' }): Promise<Finished> {
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] = (texts[name] + chunk).slice(-1_000_000);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

async function within<T>(work: Promise<T>, timeoutMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what())), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
