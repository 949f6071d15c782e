import { systemClock } from '../../core/clock.ts';
import { ReelstreamError, toReelstreamError } from '../../core/errors.ts';
import { type ChildExit, readLastLines } from './child-process.ts';
import type { FileLock } from './file-lock.ts';
import { findLeftovers, stopRecorded } from './leftovers.ts';
import { requireFreePorts } from './port-check.ts';
import type { ProcessSpec } from './process-spec.ts';
import { readResidentBytes } from './resource-use.ts';
import {
  type RunRecord,
  readRunRecords,
  removeRunRecord,
  stackFolders,
  writeRunRecord,
} from './run-record.ts';
import type { StackEvent } from './stack-events.ts';
import { type LockHolder, takeStackLock } from './stack-lock.ts';
import { inStartOrder } from './start-order.ts';
import {
  adoptSupervised,
  describeDeath,
  type SupervisedProcess,
  startSupervised,
} from './supervised-process.ts';

export interface SupervisorOptions {
  /** folder of the stack: data, logs, run files */
  readonly home: string;
  /** environment of the processes; a spec's own variables win */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** `supervise`: stay and watch, others are refused meanwhile. `change`: bring up, then `detach`; others wait. */
  readonly purpose: LockHolder['purpose'];
  readonly onEvent: (event: StackEvent) => void;
  /** aborting gives up a start that is under way, and the wait for another command */
  readonly signal?: AbortSignal;
}

/**
 * Takes the stack of a folder: from here on no other command changes it. Ends what a killed supervisor left behind.
 * @throws ReelstreamError `unavailable` when another process has the stack
 */
export async function takeStack(options: SupervisorOptions): Promise<Supervisor> {
  const { home, onEvent } = options;
  const lock = await takeStackLock(stackFolders(home).lockFile, options.purpose, options.signal);
  if ('pid' in lock) {
    const message = `the stack in ${home} is run by process ${lock.pid}: stop that one, or run reelstream down`;
    throw new ReelstreamError('unavailable', message, { retryable: false });
  }
  try {
    await stopRecorded(home, findLeftovers(home), (stopped) => {
      if (stopped.outcome !== 'gone') onEvent({ kind: 'leftover', ...stopped });
    });
    return new Supervisor(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Runs processes until told to stop. Everything it started is on record, so that its own death leaves nothing unfindable. */
export class Supervisor {
  /** resolves, once, when a process that must run has died; never rejects */
  readonly failed: Promise<ReelstreamError>;
  readonly #options: SupervisorOptions;
  readonly #lock: FileLock;
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #stopping = new Set<string>();
  readonly #starts = new Set<Promise<unknown>>();
  /** aborted by `stop()`: nothing is started any more */
  readonly #over = new AbortController();
  #fail: (error: ReelstreamError) => void = () => {};

  /** use `takeStack` */
  constructor(options: SupervisorOptions, lock: FileLock) {
    this.#options = options;
    this.#lock = lock;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /**
   * Starts processes, each as soon as those it comes after are ready; what runs already in the background with the same
   * settings is adopted. May be called again for more; `later` are those that will follow, whose ports are looked at now, so that
   * all faults come at once. On failure everything this call started is stopped.
   * @throws ReelstreamError `unavailable` with the log's last lines, or naming a taken port
   */
  async start(specs: readonly ProcessSpec[], later: readonly ProcessSpec[] = []): Promise<void> {
    const starting = this.#start(specs, later);
    this.#starts.add(starting);
    try {
      await starting;
    } finally {
      this.#starts.delete(starting);
    }
  }

  async #start(specs: readonly ProcessSpec[], later: readonly ProcessSpec[]): Promise<void> {
    const abort = new AbortController();
    const given = this.#options.signal ?? abort.signal;
    const signal = AbortSignal.any([given, abort.signal, this.#over.signal]);
    const records = new Map(readRunRecords(this.#options.home).map((record) => [record.name, record]));
    await requireFreePorts([...specs, ...later].filter((spec) => !records.has(spec.name)));
    // Later ones fail only because they are given up after the first
    let cause: unknown;
    await inStartOrder(specs, async (spec) => {
      try {
        await this.#startOne(spec, records.get(spec.name), signal);
      } catch (error) {
        if (spec.optional && !signal.aborted) return this.#skip(spec, error);
        cause ??= error;
        abort.abort();
        throw error;
      }
    });
    if (cause === undefined) return;
    await this.#stopNamed(specs.map((spec) => spec.name));
    throw cause;
  }

  /**
   * How a process ended, once it has.
   * @throws ReelstreamError `usage` for a name that is not running
   */
  exited(name: string): Promise<ChildExit> {
    const found = this.#processes.get(name);
    if (!found) throw new ReelstreamError('usage', `${name} is not running`);
    return found.exited;
  }

  /** Resident memory by process, in bytes. */
  residentBytes(): Map<string, number> {
    const processes = [...this.#processes.values()];
    const byPid = readResidentBytes(processes.map(({ record }) => record.pid));
    return new Map(processes.map(({ spec, record }) => [spec.name, byPid.get(record.pid) ?? 0]));
  }

  /**
   * Ends the named processes, or all that were started here (adopted ones stay), dependents first.
   * Without names the stack is given up afterwards: what is being started is stopped as well, and nothing more is started.
   */
  async stop(names?: readonly string[]): Promise<void> {
    if (!names) {
      this.#over.abort();
      await Promise.allSettled(this.#starts);
    }
    try {
      await this.#stopNamed(names ?? [...this.#processes.keys()]);
    } finally {
      if (!names) this.#giveUp();
    }
  }

  /** Leaves everything running in the background, where `down` and the next `up` find it, and gives up the stack. */
  detach(): void {
    for (const { record, adopted } of this.#processes.values()) {
      if (!adopted) writeRunRecord(this.#options.home, { ...record, supervisor: null });
    }
    this.#giveUp();
  }

  async #startOne(spec: ProcessSpec, record: RunRecord | undefined, signal: AbortSignal): Promise<void> {
    const { home, environment, onEvent } = this.#options;
    const startedMs = systemClock.monotonicMs();
    if (!record) onEvent({ kind: 'starting', name: spec.name });
    const started = record
      ? await adoptSupervised(spec, record, signal)
      : await startSupervised(spec, { home, environment, signal });
    this.#processes.set(spec.name, started);
    void started.exited.then((exit) => this.#onExit(started, exit));
    const tookMs = Math.round(systemClock.monotonicMs() - startedMs);
    onEvent(record ? { kind: 'adopted', name: spec.name } : { kind: 'ready', name: spec.name, tookMs });
  }

  #skip(spec: ProcessSpec, error: unknown): void {
    this.#options.onEvent({ kind: 'skipped', name: spec.name, reason: toReelstreamError(error).message });
  }

  #onExit({ spec, record }: SupervisedProcess, exit: ChildExit): void {
    if (this.#stopping.has(spec.name) || !this.#processes.delete(spec.name)) return;
    if (spec.endsByItself && exit.code === 0) {
      removeRunRecord(this.#options.home, spec.name);
      this.#options.onEvent({ kind: 'ended', name: spec.name });
      return;
    }
    const how = describeDeath(spec, exit);
    const lastLines = readLastLines(record.logFile);
    this.#options.onEvent({ kind: 'died', name: spec.name, how, lastLines });
    if (spec.optional) return;
    const message = `${how}; the end of ${record.logFile}:\n${lastLines}`;
    this.#fail(new ReelstreamError('unavailable', message, { retryable: false }));
  }

  async #stopNamed(names: readonly string[]): Promise<void> {
    const mine = names.flatMap((name) => this.#processes.get(name) ?? []).filter(({ adopted }) => !adopted);
    for (const { spec } of mine) this.#stopping.add(spec.name);
    const records = mine.map(({ record }) => record);
    try {
      await stopRecorded(this.#options.home, records, (stopped) => {
        this.#processes.delete(stopped.name);
        this.#options.onEvent({ kind: 'stopped', ...stopped });
      });
    } finally {
      for (const { spec } of mine) this.#stopping.delete(spec.name);
    }
  }

  #giveUp(): void {
    for (const process of this.#processes.values()) process.release();
    this.#processes.clear();
    this.#lock.release();
  }
}
