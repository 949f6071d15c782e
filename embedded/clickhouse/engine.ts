import { lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ReelstreamError } from '../../core/errors.ts';
import { ServerException, toServerException } from './server-exception.ts';

export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly readBytes: number;
  /** rows written into the table and, through its views, into others */
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly elapsedMs: number;
}

/**
 * One session of the engine: own settings, current database and temporary tables; one statement at a time.
 * A statement that failed or was killed stays in system.processes until its session runs another one or is closed, and
 * KILL … SYNC would wait for it for ever: do one of the two at once.
 */
export interface EngineSession {
  /**
   * Runs a statement and buffers its whole answer.
   * @throws ServerException
   */
  run(sql: string, format?: string): Promise<EngineResult>;
  /**
   * Runs a statement that answers nothing, and tells what it wrote.
   * @throws ServerException
   */
  write(sql: string): Promise<EngineResult>;
  /** at once, or when the statement in hand has ended */
  close(): void;
}

export interface Engine {
  readonly version: string;
  readonly timezone: string;
  /**
   * 0.1 ms; sessions on one folder run side by side, each occupying one libuv thread while it works
   * @throws ServerException 236 after `close`
   */
  openSession(): EngineSession;
  /** waits for whatever still runs, then lets the folder go */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly folder: string;
  /** server settings (memory cap, caches, pools); read once, when the folder is opened */
  readonly configFile: string;
}

type Connection = { readonly __connection: never };

/** The part of chDB's native addon that is used here. */
interface NativeBinding {
  CreateConnection(folder: string, engineArguments?: readonly string[]): Connection;
  CloseConnection(connection: Connection): void;
  QueryAsyncConnection(
    connection: Connection,
    sql: string,
    format: string,
  ): Promise<{ bytes: Uint8Array; elapsed: number; rowsRead: number; bytesRead: number }>;
  /** blocks the thread: at start only */
  QueryWithConnection(connection: Connection, sql: string, format: string): string;
  InsertRawAsyncConnection(
    connection: Connection,
    sql: string,
    data: Buffer,
    countLines: boolean,
  ): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
}

/** The insert call wants data behind the statement; a blank is none. */
const NO_DATA = Buffer.from(' ');

/**
 * The addon is used beneath chDB's own Session class for two reasons. That class destroys a closed session only when
 * every statement of the whole process has ended: beside one long query, a session per request grew the process by
 * 0.24 MB per request and slowed each one from 1 to 22 ms. And only the addon tells how many rows were written.
 * @throws ReelstreamError `unavailable` when there is no engine for this machine
 */
function loadBinding(): NativeBinding {
  const require = createRequire(import.meta.url);
  try {
    const packageFolder = dirname(require.resolve('chdb/package.json'));
    const loader = require(join(packageFolder, 'dist', 'loader.js')) as { loadNative(): NativeBinding };
    return loader.loadNative();
  } catch (cause) {
    throw new ReelstreamError(
      'unavailable',
      `the embedded ClickHouse engine does not load: ${reasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/**
 * Opens the folder for this process; its lock file makes sure that nobody else has it.
 * @throws ReelstreamError `unavailable` when the folder cannot be opened
 */
export function openEngine({ folder, configFile }: EngineOptions): Engine {
  mkdirSync(folder, { recursive: true });
  const binding = loadBinding();
  const keeper = openFirst(binding, folder, configFile);
  replaceOverlay(binding, keeper, folder);
  const busy = new Set<Promise<unknown>>();
  let isClosed = false;
  const constants = binding.QueryWithConnection(keeper, 'SELECT version(), timezone()', 'TabSeparatedRaw');
  const [version = '', timezone = ''] = constants.trim().split('\t');
  return {
    version,
    timezone,
    openSession() {
      // it would open the folder anew
      if (isClosed) throw new ServerException(236, 'ABORTED', 'The server is stopping; try again later');
      return openSession(binding, binding.CreateConnection(folder), busy);
    },
    async close() {
      isClosed = true;
      while (busy.size > 0) await Promise.allSettled(busy);
      binding.CloseConnection(keeper);
    },
  };
}

function openFirst(binding: NativeBinding, folder: string, configFile: string): Connection {
  try {
    return binding.CreateConnection(folder, [`--config-file=${configFile}`]);
  } catch (cause) {
    const message = `the ClickHouse folder ${folder} cannot be opened (is another process using it?): ${reasonOf(cause)}`;
    throw new ReelstreamError('unavailable', message, { cause });
  }
}

/**
 * The engine comes up with a database `default` that also finds files, by any table name. It is taken out and the plain
 * database beneath it put in its place, as on a server; on disk it is the same one, whose id is where its link leads.
 */
function replaceOverlay(binding: NativeBinding, keeper: Connection, folder: string): void {
  const link = join(folder, 'metadata', 'default');
  const run = (sql: string) => void binding.QueryWithConnection(keeper, sql, 'Null');
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // the link is made with the first table
    run('CREATE TABLE default.first (a UInt8) ENGINE = Memory');
    run('DROP TABLE default.first SYNC');
  }
  run('DETACH DATABASE default');
  run(`ATTACH DATABASE default UUID '${basename(readlinkSync(link))}' ENGINE = Atomic`);
}

function openSession(
  binding: NativeBinding,
  connection: Connection,
  busy: Set<Promise<unknown>>,
): EngineSession {
  let current: Promise<unknown> | null = null;
  const exclusive = async <T>(work: () => Promise<T>): Promise<T> => {
    const started = work();
    current = started;
    busy.add(started);
    try {
      return await started;
    } catch (thrown) {
      throw toServerException(thrown);
    } finally {
      busy.delete(started);
      current = null;
    }
  };
  return {
    run: (sql, format = 'TabSeparated') =>
      exclusive(async () => {
        const result = await binding.QueryAsyncConnection(connection, sql, format);
        return {
          bytes: result.bytes,
          readRows: result.rowsRead,
          readBytes: result.bytesRead,
          writtenRows: 0,
          writtenBytes: 0,
          elapsedMs: result.elapsed * 1_000,
        };
      }),
    write: (sql) =>
      exclusive(async () => {
        const result = await binding.InsertRawAsyncConnection(connection, sql, NO_DATA, false);
        return {
          bytes: new Uint8Array(0),
          readRows: 0,
          readBytes: 0,
          writtenRows: result.rowsWritten,
          writtenBytes: result.bytesWritten,
          elapsedMs: result.elapsed * 1_000,
        };
      }),
    close() {
      const release = () => binding.CloseConnection(connection);
      if (current) void current.then(release, release);
      else release();
    },
  };
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
