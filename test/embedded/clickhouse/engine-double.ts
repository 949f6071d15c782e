import type { Engine, EngineResult, EngineSession } from '../../../embedded/clickhouse/engine.ts';

export interface EngineDouble extends Engine {
  /** statements in the order they came, with the number of the session */
  readonly said: [session: number, sql: string][];
  readonly closed: number[];
}

/** An engine that remembers what it was told; `answer` makes the text of its answers. */
export function createEngineDouble(
  answer: (sql: string) => string | Promise<string> = () => '',
): EngineDouble {
  const said: [number, string][] = [];
  const closed: number[] = [];
  let sessions = 0;
  const openSession = (): EngineSession => {
    const number = sessions++;
    const run = async (sql: string): Promise<EngineResult> => {
      said.push([number, sql]);
      const bytes = Buffer.from(await answer(sql));
      return { bytes, readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0, elapsedMs: 0 };
    };
    return { run, write: run, close: () => void closed.push(number) };
  };
  return { version: '1', timezone: 'UTC', said, closed, openSession, async close() {} };
}
