import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Engine } from './engine.ts';
import { ServerException } from './server-exception.ts';
import { literal } from './sql-text.ts';

/** A statement in the engine's hands. */
export interface RunningQuery {
  readonly queryId: string;
  readonly user: string;
  readonly keyword: string;
  readonly startedMs: number;
  /** names this very run inside the engine, whose query ids cannot be set */
  readonly marker: string;
  /** aborted when the answer is wanted no more */
  readonly cancelled: AbortSignal;
}

export interface RunningQueries {
  list(): readonly RunningQuery[];
  /** @throws ServerException 216 when a statement with this id is running */
  start(query: { queryId: string; user: string; keyword: string }): RunningQuery;
  finish(query: RunningQuery): void;
  /** kills it until it is gone */
  cancel(query: RunningQuery): void;
  /** lets go of statements that somebody killed while they wait for a slow reader */
  releaseKilled(): Promise<void>;
}

/**
 * A setting without effect here (there are no server logs to filter) that system.processes shows: it carries the
 * marker. log_comment cannot, because clients set it themselves.
 */
export const MARKER_SETTING = 'send_logs_source_regexp';
const MARKER = `Settings[${literal(MARKER_SETTING)}]`;
const KILL_INTERVAL_MS = { first: 20, longest: 500 };

export function createRunningQueries(engine: Engine, clock: Clock): RunningQueries {
  const queries = new Map<RunningQuery, AbortController>();
  const control = async (sql: string): Promise<string> => {
    const session = engine.openSession();
    try {
      return Buffer.from((await session.run(sql, 'TabSeparatedRaw')).bytes).toString('utf8');
    } finally {
      session.close();
    }
  };
  /** Again and again: the first KILL may come before the engine knows the statement. */
  const killUntilGone = async (query: RunningQuery) => {
    for (let waitMs = KILL_INTERVAL_MS.first; queries.has(query); ) {
      await control(`KILL QUERY WHERE ${MARKER} = ${literal(query.marker)} ASYNC`).catch(() => undefined);
      await clock.sleep(waitMs);
      waitMs = Math.min(waitMs * 2, KILL_INTERVAL_MS.longest);
    }
  };
  return {
    list: () => [...queries.keys()],
    start({ queryId, user, keyword }) {
      if ([...queries.keys()].some((other) => other.queryId === queryId)) {
        const message = `Query with id = ${queryId} is already running.`;
        throw new ServerException(216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', message);
      }
      const controller = new AbortController();
      const query: RunningQuery = {
        queryId,
        user,
        keyword,
        startedMs: clock.nowMs(),
        marker: randomUUID(),
        cancelled: controller.signal,
      };
      queries.set(query, controller);
      return query;
    },
    finish(query) {
      queries.delete(query);
    },
    cancel(query) {
      const controller = queries.get(query);
      if (!controller || controller.signal.aborted) return;
      controller.abort();
      void killUntilGone(query);
    },
    async releaseKilled() {
      const killed = (await control(`SELECT ${MARKER} FROM system.processes WHERE is_cancelled`)).split('\n');
      for (const [query, controller] of queries) if (killed.includes(query.marker)) controller.abort();
    },
  };
}
