/**
 * Closed list of what can go wrong, by who has to act:
 * `usage` and `settings` the caller, `unavailable` nobody (it is retried, all but a login that was refused), `halted` a
 * person, `fenced` and `short_body` the delivery protocol (doubt, then recover), `bad_data` the data's owner,
 * `clickhouse`, `kafka`, `registry` a dependency that answered with an error of its own, `shortfall` whoever asked for more than
 * was achieved, `unknown` the developers.
 */
export const ERROR_CODES = [
  'usage',
  'settings',
  'unavailable',
  'timeout',
  'halted',
  'fenced',
  'short_body',
  'bad_data',
  'clickhouse',
  'kafka',
  'registry',
  'shortfall',
  'unknown',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorOptions {
  /** true when the very same call may succeed later without anybody changing anything */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** facts for the log line: topic, partition, offset, table, field, file, line. Never payloads or secrets. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** The one error class of the project. The message says what, where and what to do. */
export class ReelstreamError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ReelstreamError';
    this.code = code;
    this.retryable = options.retryable ?? (code === 'unavailable' || code === 'timeout');
    this.details = options.details ?? {};
  }
}

/** Total: turns anything that was thrown into a ReelstreamError; what we do not know is `unknown` and not retryable. */
export function toReelstreamError(thrown: unknown): ReelstreamError {
  if (thrown instanceof ReelstreamError) return thrown;
  if (thrown instanceof Error) return new ReelstreamError('unknown', thrown.message, { cause: thrown });
  return new ReelstreamError('unknown', String(thrown));
}
