/** A port a process wants, and the setting a person changes when it is taken. */
export interface PortClaim {
  readonly port: number;
  readonly setting: string;
}

/** A file that is written anew before every start. */
export interface ConfigFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Everything needed to run one process, as plain data and two callbacks. Who starts it (a test, the supervisor in the
 * foreground or in the background) makes no difference to the process.
 */
export interface ProcessSpec {
  /** unique in its stack; names the log and the run file */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** added to the parent's environment */
  readonly env: Readonly<Record<string, string>>;
  /** processes of the same stack that must answer first */
  readonly after: readonly string[];
  readonly ports: readonly PortClaim[];
  readonly files: readonly ConfigFile[];
  /** makes folders and formats storage, once the files are written; runs before every start, so it must leave existing data alone */
  prepare(): Promise<void>;
  /** true once the process does its work for a client, not merely listens; a rejection counts as "not yet" */
  isReady(): Promise<boolean>;
  readonly readyDeadlineMs: number;
  /** how long SIGTERM may take before SIGKILL follows */
  readonly stopDeadlineMs: number;
  /** true when ending with code 0 is what it is for (a load of fixed length); any other end is a failure as for everybody */
  readonly endsByItself?: boolean;
  /** when the machine lacks an optional part, the stack runs without it: true means a failed start is only reported */
  readonly optional: boolean;
}
