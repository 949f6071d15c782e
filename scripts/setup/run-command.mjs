/** Runs one command of set-up: output to a log file, a sign of life while it takes long, an end at its deadline. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const SIGN_OF_LIFE_MS = 15_000;
const running = new Set();
let interruptedWith = null;

/** Ends what is running, with everything it started, and lets nothing more start: set-up was interrupted. */
export function endCommands(exitCode) {
  interruptedWith = exitCode;
  for (const child of running) killGroup(child, 'SIGTERM');
}

/**
 * Rejects with the log's last lines when the command fails or takes longer than `deadlineMs`.
 * `context`: `{ title, logFile, say(line), onProcess(pid) }`.
 */
export async function runCommand(command, args, { cwd, env, deadlineMs }, context) {
  refuseWhenInterrupted();
  mkdirSync(dirname(context.logFile), { recursive: true });
  const log = openSync(context.logFile, 'w');
  const startMs = Date.now();
  // A group of its own, so that a deadline ends npm together with the compilers it started
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  running.add(child);
  if (child.pid) context.onProcess(child.pid);
  const [shortTitle] = context.title.split(' (');
  const alive = setInterval(() => context.say(`still ${shortTitle} (${seconds(startMs)})`), SIGN_OF_LIFE_MS);
  const deadline = setTimeout(() => killGroup(child, 'SIGKILL'), deadlineMs);
  try {
    const outcome = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    refuseWhenInterrupted();
    if (outcome === 0) return;
    throw new Error(
      `${shortTitle} failed (${outcome}) after ${seconds(startMs)}; the end of ${context.logFile}:\n${lastLines(context.logFile)}`,
    );
  } finally {
    clearInterval(alive);
    clearTimeout(deadline);
    running.delete(child);
  }
}

function refuseWhenInterrupted() {
  if (interruptedWith !== null) throw Object.assign(new Error('interrupted'), { exitCode: interruptedWith });
}

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function seconds(sinceMs) {
  return `${Math.round((Date.now() - sinceMs) / 1000)} s`;
}

function lastLines(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
