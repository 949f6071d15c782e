import { mkdirSync } from 'node:fs';
import { drainPending, Session } from 'chdb';
import { ReelstreamError } from '../../core/errors.ts';
import { toServerException } from './server-exception.ts';

export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly readBytes: number;
  readonly elapsedMs: number;
}

/** One session of the engine: own settings, current database and temporary tables; one statement at a time. */
export interface EngineSession {
  /**
   * Runs a statement and buffers its whole answer.
   * @throws ServerException
   */
  run(sql: string, format?: string): Promise<EngineResult>;
  close(): void;
}

export interface Engine {
  readonly version: string;
  readonly timezone: string;
  /** 0.1 ms; sessions on one folder run side by side, each occupying one libuv thread while it works */
  openSession(): EngineSession;
  /** waits for whatever still runs, then lets the folder go */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly folder: string;
  /** server settings (memory cap, caches, pools); read once, when the folder is opened */
  readonly configFile: string;
}

/**
 * Opens the folder for this process; its lock file makes sure that nobody else has it.
 * @throws ReelstreamError `unavailable` when the folder cannot be opened
 */
export function openEngine(options: EngineOptions): Engine {
  mkdirSync(options.folder, { recursive: true });
  const keeper = openFirst(options);
  const constant = (sql: string) => keeper.query(sql, 'TabSeparatedRaw').trim();
  const [version, timezone] = [constant('SELECT version()'), constant('SELECT timezone()')];
  return {
    version,
    timezone,
    openSession: () => wrap(new Session(options.folder)),
    async close() {
      await drainPending();
      keeper.close();
      await drainPending();
    },
  };
}

function openFirst({ folder, configFile }: EngineOptions): Session {
  try {
    return new Session(folder, { connectionArgs: [`--config-file=${configFile}`] });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReelstreamError('unavailable', `the ClickHouse folder ${folder} cannot be opened: ${reason}`, {
      cause,
    });
  }
}

function wrap(session: Session): EngineSession {
  return {
    async run(sql, format = 'TabSeparated') {
      try {
        const result = await session.queryAsync(sql, { format });
        return {
          bytes: result.bytes(),
          readRows: result.rowsRead,
          readBytes: result.bytesRead,
          elapsedMs: result.elapsed * 1_000,
        };
      } catch (thrown) {
        // A failed query stays in system.processes until its session runs another one; KILL … SYNC would wait for it for ever.
        await session.queryAsync('SELECT 1', { format: 'Null' }).catch(() => undefined);
        throw toServerException(thrown);
      }
    },
    close: () => session.close(),
  };
}
