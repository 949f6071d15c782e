import type { IncomingHttpHeaders } from 'node:http';
import { ServerException } from './server-exception.ts';

/** What the address and the headers of one request say, the statement apart. */
export interface RequestParameters {
  readonly query: string;
  readonly queryId: string | null;
  readonly database: string | null;
  readonly defaultFormat: string;
  readonly sessionId: string | null;
  readonly sessionTimeoutS: number;
  /** the session must exist */
  readonly sessionCheck: boolean;
  /** the session ends with this request */
  readonly closeSession: boolean;
  /** the whole answer is made before its first byte is sent */
  readonly waitEndOfQuery: boolean;
  readonly compressResponse: boolean;
  /** the protocol's own block framing, not an HTTP encoding */
  readonly blockFraming: { readonly request: boolean; readonly response: boolean };
  /** settings and `param_…`; of a name given twice the last one counts */
  readonly settings: ReadonlyMap<string, string>;
}

/** Parameters of the protocol itself; everything else is a setting. */
const PROTOCOL_NAMES = new Set([
  'query',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'query_id',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'stacktrace',
  'client_protocol_version',
  'close_session',
]);
/** Settings of a server's HTTP interface, which the engine behind this one does not need to know. */
const INTERFACE_SETTINGS = new Set([
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'http_receive_timeout',
  'http_send_timeout',
  'http_wait_end_of_query',
  'http_response_buffer_size',
]);
const SETTING_NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;
const DEFAULT_SESSION_TIMEOUT_S = 60;
const MAX_SESSION_TIMEOUT_S = 3_600;

/** @throws ServerException for a parameter that is no name, or a session time-out out of range */
export function readParameters(url: URLSearchParams, headers: IncomingHttpHeaders): RequestParameters {
  const given = (name: string) => url.get(name) || null;
  const isOn = (name: string) => ['1', 'true'].includes(url.get(name) ?? '');
  const settings = [...url].filter(([name]) => !PROTOCOL_NAMES.has(name) && !INTERFACE_SETTINGS.has(name));
  for (const [name] of settings) {
    if (!SETTING_NAME.test(name))
      throw new ServerException(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
  }
  return {
    query: url.getAll('query').join(''),
    queryId: given('query_id') ?? headerOf(headers, 'x-clickhouse-query-id'),
    database: headerOf(headers, 'x-clickhouse-database') ?? given('database'),
    defaultFormat: formatName(headerOf(headers, 'x-clickhouse-format') ?? given('default_format')),
    sessionId: given('session_id'),
    sessionTimeoutS: sessionTimeout(given('session_timeout')),
    sessionCheck: isOn('session_check'),
    closeSession: isOn('close_session'),
    waitEndOfQuery: isOn('wait_end_of_query') || isOn('http_wait_end_of_query'),
    compressResponse: isOn('enable_http_compression'),
    blockFraming: { request: isOn('decompress'), response: isOn('compress') },
    settings: new Map(settings),
  };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) || null;
}

function formatName(name: string | null): string {
  if (name === null) return 'TabSeparated';
  if (!/^\w+$/.test(name)) throw new ServerException(73, 'UNKNOWN_FORMAT', `Unknown format ${name}`);
  return name;
}

function sessionTimeout(text: string | null): number {
  if (text === null) return DEFAULT_SESSION_TIMEOUT_S;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > MAX_SESSION_TIMEOUT_S) {
    const message = `Invalid session timeout: '${text}' (whole seconds up to ${MAX_SESSION_TIMEOUT_S})`;
    throw new ServerException(374, 'INVALID_SESSION_TIMEOUT', message);
  }
  return seconds;
}
