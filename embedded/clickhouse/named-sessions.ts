import type { Engine, EngineSession } from './engine.ts';
import { ServerException } from './server-exception.ts';

export interface NamedSessionRequest {
  readonly user: string;
  readonly sessionId: string;
  readonly timeoutS: number;
  /** refuse instead of opening a new one */
  readonly mustExist: boolean;
}

export interface NamedSession {
  readonly session: EngineSession;
  /** names of parameters that belonged to a request that is over */
  readonly lentParameters: Set<string>;
  /** counts the time-out from now; `end` closes the session at once */
  release(end: boolean): void;
}

/** Sessions that outlive their request: temporary tables, SET and USE stay. One request at a time, gone after a time-out. */
export interface NamedSessions {
  readonly size: number;
  /** @throws ServerException 372 not there, 373 in use, 202 too many */
  take(request: NamedSessionRequest): NamedSession;
  closeAll(): void;
}

interface Entry {
  readonly session: EngineSession;
  readonly lentParameters: Set<string>;
  isTaken: boolean;
  expiry: NodeJS.Timeout | null;
}

const MAX_SESSIONS = 200;

export function createNamedSessions(engine: Engine): NamedSessions {
  const entries = new Map<string, Entry>();
  const close = (key: string, entry: Entry) => {
    if (entry.expiry) clearTimeout(entry.expiry);
    entries.delete(key);
    entry.session.close();
  };
  return {
    get size() {
      return entries.size;
    },
    take({ user, sessionId, timeoutS, mustExist }) {
      const key = JSON.stringify([user, sessionId]);
      const found = entries.get(key);
      if (!found && mustExist) {
        throw new ServerException(372, 'SESSION_NOT_FOUND', `Session ${sessionId} not found`);
      }
      if (found?.isTaken) {
        const message = `Session ${sessionId} is locked by a concurrent client`;
        throw new ServerException(373, 'SESSION_IS_LOCKED', message);
      }
      if (!found && entries.size >= MAX_SESSIONS) {
        const message = `Too many sessions. Maximum: ${MAX_SESSIONS}`;
        throw new ServerException(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message);
      }
      const entry = found ?? newEntry(engine);
      if (entry.expiry) clearTimeout(entry.expiry);
      entry.isTaken = true;
      entries.set(key, entry);
      return {
        session: entry.session,
        lentParameters: entry.lentParameters,
        release(end) {
          if (!entry.isTaken) return;
          entry.isTaken = false;
          if (end) return close(key, entry);
          entry.expiry = setTimeout(() => close(key, entry), timeoutS * 1_000).unref();
        },
      };
    },
    closeAll() {
      for (const [key, entry] of entries) close(key, entry);
    },
  };
}

function newEntry(engine: Engine): Entry {
  return { session: engine.openSession(), lentParameters: new Set(), isTaken: true, expiry: null };
}
