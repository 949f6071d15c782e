import { execFileSync } from 'node:child_process';
import { readProcStat } from './proc-stat.ts';

/**
 * A process as it can be told from a later one that was given the same number: pid plus the moment it began,
 * in the system's own notation (only equality means anything).
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * The start time of a process that is alive, null when there is none. A zombie counts as gone, for in a container whose first
 * process reaps nobody it would stay for ever; but only once its other threads have ended too: until then the dead main thread
 * of a JVM or of Node may still hold files and ports.
 */
export function readStartTime(pid: number): string | null {
  return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid);
}

/** True while exactly this process is alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return readStartTime(identity.pid) === identity.startTime;
}

/**
 * Sends the signal to the process group that this process leads or led; false when nobody is left in it. A group whose leader
 * is gone keeps its number from being given away, so only a living process with that number and another start is a stranger.
 */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const startTime = readStartTime(identity.pid);
  if (startTime !== null && startTime !== identity.startTime) return false;
  return send(-identity.pid, signal);
}

/** Sends the signal to exactly this process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/** This very process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: readStartTime(process.pid) ?? '' };
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function readFromProc(pid: number): string | null {
  const stat = readProcStat(pid);
  if (!stat || stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1)) return null;
  return stat.startTime;
}

function readFromPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = '', ...start] = line.split(/\s+/);
    return line === '' || state.startsWith('Z') ? null : start.join(' ');
  } catch (error) {
    // ps answers 1 when no such process exists
    if ((error as { status?: number }).status === 1) return null;
    throw error;
  }
}
