import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';
import type { PortClaim, ProcessSpec } from './process-spec.ts';

/** What is known on disk about a started process: enough to find, judge and end it after whoever started it is gone. */
export interface RunRecord extends ProcessIdentity {
  readonly name: string;
  /** of everything it was started with; see `fingerprintOf` */
  readonly fingerprint: string;
  readonly after: readonly string[];
  readonly ports: readonly PortClaim[];
  readonly stopDeadlineMs: number;
  readonly startedAtMs: number;
  readonly logFile: string;
  /** who watches it; null when it runs in the background on its own */
  readonly supervisor: ProcessIdentity | null;
}

/** Where a stack keeps what it runs: one folder per kind, one file or folder per process. */
export function stackFolders(home: string) {
  return {
    lockFile: join(home, 'run', 'stack.lock'),
    /** one record per process, and nothing else */
    recordFolder: join(home, 'run', 'processes'),
    configFolder: (name: string) => join(home, 'run', 'config', name),
    dataFolder: (name: string) => join(home, 'data', name),
    logFile: (name: string) => join(home, 'logs', `${name}.log`),
  };
}

/** Equal for specs that start the very same process: command line, environment, configuration and ports. */
export function fingerprintOf({ command, args, cwd, env, files, ports }: ProcessSpec): string {
  const parts = [command, args, cwd, Object.entries(env).sort(), files, ports];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * Written whole or not at all, as far as processes can crash; a power cut may leave half a record, of a process that is gone as
 * well. For its owner alone: passwords went into the fingerprint.
 */
export function writeRunRecord(home: string, record: RunRecord): void {
  const file = recordFile(home, record.name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readRunRecords(home: string): RunRecord[] {
  const { recordFolder } = stackFolders(home);
  mkdirSync(recordFolder, { recursive: true });
  return readdirSync(recordFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readRecord(join(recordFolder, name)) ?? []);
}

export function removeRunRecord(home: string, name: string): void {
  rmSync(recordFile(home, name), { force: true });
}

function recordFile(home: string, name: string): string {
  return join(stackFolders(home).recordFolder, `${name}.json`);
}

/** Null when its process is gone: stopped since the folder was listed, or ended by the power cut that left half a record. */
function readRecord(file: string): RunRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
