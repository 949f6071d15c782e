import { answersOk } from './http-probe.ts';
import { LOOPBACK } from './supervisor/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';

export interface OwnProcessOptions {
  /** unique in the stack, for example `sink` */
  readonly name: string;
  readonly nodeCommand: string;
  /** `cli/reelstream.mjs` */
  readonly launcher: string;
  /** the command and its options */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly after: readonly string[];
  readonly port: number;
  /** the setting that chooses the port */
  readonly portSetting: string;
  /** answers 200 when the process does its work; default `/readyz` */
  readonly readyPath?: string;
  readonly readyDeadlineMs?: number;
  readonly stopDeadlineMs: number;
  /** true for work of fixed length: its end with code 0 is no failure */
  readonly endsByItself?: boolean;
}

/** A process that is this project's own command: the ClickHouse server, the sink, the producer. */
export function createOwnProcessSpec(options: OwnProcessOptions): ProcessSpec {
  return {
    name: options.name,
    command: options.nodeCommand,
    args: [options.launcher, ...options.args],
    cwd: options.cwd,
    // Every socket of a stack is on loopback, where its clients look for it, whatever the setting says for a service on its own
    env: { REELSTREAM_LISTEN_HOST: LOOPBACK, ...options.env },
    after: options.after,
    ports: [{ port: options.port, setting: options.portSetting }],
    files: [],
    async prepare() {},
    isReady: () => answersOk(`http://${LOOPBACK}:${options.port}${options.readyPath ?? '/readyz'}`),
    readyDeadlineMs: options.readyDeadlineMs ?? 60_000,
    stopDeadlineMs: options.stopDeadlineMs,
    endsByItself: options.endsByItself ?? false,
    optional: false,
  };
}
