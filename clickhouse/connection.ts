import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { ReelstreamError, toReelstreamError } from '../core/errors.ts';

export interface ConnectionOptions {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
  /** longest wait for one answer */
  readonly requestTimeoutMs?: number;
  readonly maxOpenConnections?: number;
}

export type QueryParams = Readonly<Record<string, unknown>>;
export type Settings = Readonly<Record<string, string | number>>;

export interface StatementOptions {
  readonly params?: QueryParams;
  readonly settings?: Settings;
  readonly queryId?: string;
  readonly signal?: AbortSignal;
}

/** ClickHouse over HTTP, embedded or stock server alike. Values travel as `param_*`, never inside the text. */
export interface ClickHouse {
  readonly database: string;
  /** rows of a SELECT as objects (UInt64 as strings unless cast in the query) */
  query<Row>(sql: string, options?: StatementOptions): Promise<Row[]>;
  /** answer of a SELECT as bytes in the format that the statement names (RowBinary, CSV, Pretty …) */
  queryBytes(sql: string, options?: StatementOptions): Promise<Readable>;
  /** DDL, INSERT … SELECT, ALTER: no rows come back */
  command(sql: string, options?: StatementOptions): Promise<void>;
  /** an INSERT whose FORMAT clause describes `body` */
  insertBytes(sql: string, body: Buffer | Readable, options?: StatementOptions): Promise<void>;
  /** JSONEachRow rows into a table; for small tables, never for events */
  insertRows(table: string, rows: readonly object[], options?: StatementOptions): Promise<void>;
  /** creates the connection's database if it is not there; the other calls need it */
  ensureDatabase(): Promise<void>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a pooled connection; nothing is sent before the first call. */
export function connectClickHouse(options: ConnectionOptions): ClickHouse {
  const database = options.database ?? 'reelstream';
  const client = createClient({ ...toClientOptions(options), database });
  const of = (o: StatementOptions | undefined) => ({
    ...(o?.params ? { query_params: { ...o.params } } : {}),
    ...(o?.settings ? { clickhouse_settings: { ...o.settings } } : {}),
    ...(o?.queryId ? { query_id: o.queryId } : {}),
    ...(o?.signal ? { abort_signal: o.signal } : {}),
  });
  return {
    database,
    async query<Row>(sql: string, o?: StatementOptions) {
      return guard(async () => {
        const result = await client.query({ query: sql, format: 'JSONEachRow', ...of(o) });
        return (await result.json()) as Row[];
      });
    },
    async queryBytes(sql, o) {
      return guard(async () => (await client.exec({ query: sql, ...of(o) })).stream);
    },
    async command(sql, o) {
      await guard(() => client.command({ query: sql, ...of(o) }));
    },
    async insertBytes(sql, body, o) {
      const values = body instanceof Readable ? body : Readable.from([body], { objectMode: false });
      await guard(async () => drain(client, sql, values, of(o)));
    },
    async insertRows(table, rows, o) {
      if (rows.length === 0) return;
      await guard(() => client.insert({ table, values: rows, format: 'JSONEachRow', ...of(o) }));
    },
    async ensureDatabase() {
      const outside = createClient({ ...toClientOptions(options), database: 'default' });
      try {
        await guard(() =>
          outside.command({
            query: 'CREATE DATABASE IF NOT EXISTS {name:Identifier}',
            query_params: { name: database },
          }),
        );
      } finally {
        await outside.close();
      }
    },
    async ping() {
      return (await client.ping()).success;
    },
    close: () => client.close(),
  };
}

function toClientOptions(options: ConnectionOptions) {
  return {
    url: options.url,
    username: options.username ?? 'default',
    password: options.password ?? '',
    request_timeout: options.requestTimeoutMs ?? 60_000,
    max_open_connections: options.maxOpenConnections ?? 8,
    compression: { request: false, response: false },
    // every error is thrown; the client would print it as well
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      date_time_input_format: 'best_effort' as const,
      // newer servers print 64-bit numbers bare, and JSON.parse would round them
      output_format_json_quote_64bit_integers: 1 as const,
    },
  };
}

async function drain(
  client: ClickHouseClient,
  sql: string,
  values: Readable,
  options: object,
): Promise<void> {
  const { stream } = await client.exec({ query: sql, values, ...options });
  for await (const _ of stream) {
    // an unread answer keeps its socket out of the pool
  }
}

async function guard<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toClickHouseError(error);
  }
}

/** TOO_MANY_SIMULTANEOUS_QUERIES, ABORTED: the server is full, or stopping. It has not looked at the statement. */
const AWAY_CODES = new Set([202, 236]);
/** MEMORY_LIMIT_EXCEEDED, TIMEOUT_EXCEEDED, NOT_ENOUGH_SPACE, TOO_MANY_PARTS */
const PASSING_CODES = new Set([241, 159, 243, 252]);

/**
 * Errors by number, never by text. A numbered one is ClickHouse's answer, a SyntaxError an answer that is not JSON, a
 * TypeError or RangeError a mistake of ours; anything else means that nobody answered.
 */
export function toClickHouseError(error: unknown): ReelstreamError {
  if (error instanceof ReelstreamError) return error;
  if (error instanceof ClickHouseError) {
    const number = Number(error.code);
    const details = { number, type: error.type ?? '' };
    if (AWAY_CODES.has(number)) {
      const message = `ClickHouse takes no statement now: ${error.message}`;
      return new ReelstreamError('unavailable', message, { cause: error, details });
    }
    return new ReelstreamError('clickhouse', `ClickHouse refused: ${error.message}`, {
      retryable: PASSING_CODES.has(number),
      cause: error,
      details,
    });
  }
  if (error instanceof TypeError || error instanceof RangeError) return toReelstreamError(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SyntaxError) {
    return new ReelstreamError('clickhouse', `ClickHouse gave no JSON: ${message}`, { cause: error });
  }
  return new ReelstreamError('unavailable', `ClickHouse did not answer: ${message}`, { cause: error });
}
