import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  startTestClickHouse,
  type TestClickHouse,
  type TestClickHouseOptions,
} from '../../helpers/clickhouse-server.ts';
import { sharedClickHouse } from '../../helpers/shared.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** false when the connection ended before the answer did */
  readonly complete: boolean;
}

export interface Ask {
  readonly method?: string;
  /** of the address, besides `query` */
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

/** A ClickHouse server that speaks HTTP: the embedded one, or the stock one that REELSTREAM_TEST_CLICKHOUSE_URL names. */
export interface ServerUnderTest {
  readonly url: string;
  /** for tests of what only the embedded one has (restart, limits, marker) */
  readonly embedded: TestClickHouse | null;
  /** a database of its own; every request names it */
  readonly database: string;
  send(ask: Ask): Promise<Reply>;
  /** statement as the body of a POST */
  post(sql: string, ask?: Ask): Promise<Reply>;
  /** statement in the address of a GET */
  get(sql: string, ask?: Ask): Promise<Reply>;
  /** statement in the address, rows in the body */
  insert(sql: string, body: Buffer | string, ask?: Ask): Promise<Reply>;
  /** the answer's text, without its last line end; fails on an error */
  value(sql: string, ask?: Ask): Promise<string>;
  stop(): Promise<void>;
}

export async function serverUnderTest(options: TestClickHouseOptions = {}): Promise<ServerUnderTest> {
  const stock = process.env.REELSTREAM_TEST_CLICKHOUSE_URL;
  const embedded = stock ? null : await startTestClickHouse(options);
  return drive(stock ?? '', embedded);
}

/** For tests that look at nothing but their own statements and their own database. */
export async function sharedServerUnderTest(): Promise<ServerUnderTest> {
  return drive(process.env.REELSTREAM_TEST_CLICKHOUSE_URL ?? (await sharedClickHouse()), null);
}

/** For tests of what a stock server does not have. */
export async function embeddedServer(options: TestClickHouseOptions = {}) {
  const embedded = await startTestClickHouse(options);
  return { ...(await drive('', embedded)), embedded };
}

async function drive(urlOfOthers: string, embedded: TestClickHouse | null): Promise<ServerUnderTest> {
  const database = `reelstream_test_${randomBytes(4).toString('hex')}`;
  const url = () => embedded?.url ?? urlOfOthers;
  const send = (ask: Ask) => sendTo(url(), database, ask);
  const post = (sql: string, ask: Ask = {}) => send({ ...ask, method: 'POST', body: sql });
  const value = async (sql: string, ask: Ask = {}) => {
    const reply = await post(sql, ask);
    if (reply.status !== 200) throw new Error(`${sql}: ${reply.status} ${reply.text}`);
    return reply.text.replace(/\n$/, '');
  };
  await sendTo(url(), 'default', { method: 'POST', body: `CREATE DATABASE ${database}` });
  return {
    get url() {
      return url();
    },
    embedded,
    database,
    send,
    post,
    value,
    get: (sql, ask = {}) => send({ ...ask, method: 'GET', params: { ...ask.params, query: sql } }),
    insert: (sql, body, ask = {}) =>
      send({ ...ask, method: 'POST', body, params: { ...ask.params, query: sql } }),
    async stop() {
      if (embedded) return embedded.stop();
      await sendTo(url(), 'default', { method: 'POST', body: `DROP DATABASE ${database}` });
    },
  };
}

export function addressOf(baseUrl: string, database: string, ask: Ask): URL {
  const address = new URL(ask.path ?? '/', baseUrl);
  if (!ask.path) address.searchParams.set('database', database);
  for (const [name, value] of Object.entries(ask.params ?? {})) address.searchParams.set(name, value);
  return address;
}

async function sendTo(baseUrl: string, database: string, ask: Ask): Promise<Reply> {
  const response = await open(baseUrl, database, ask);
  const chunks: Buffer[] = [];
  let complete = true;
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    complete = false;
  }
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    text: bytes.toString('utf8'),
    complete: complete && response.complete,
  };
}

/** The answer, unread: for tests that read slowly or not at all. */
export function open(baseUrl: string, database: string, ask: Ask): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      addressOf(baseUrl, database, ask),
      { method: ask.method ?? 'GET', headers: { ...ask.headers }, signal: ask.signal, agent: false },
      resolve,
    );
    outgoing.on('error', reject);
    if (ask.body === undefined) outgoing.end();
    else outgoing.end(ask.body);
  });
}

/** Polls until `check` says yes; the deadline's error tells what was waited for. */
export async function until(
  what: string,
  check: () => Promise<boolean> | boolean,
  timeoutMs = 10_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(20);
  }
}
