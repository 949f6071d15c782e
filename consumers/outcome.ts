import { type ErrorCode, type ReelstreamError, toReelstreamError } from '../core/errors.ts';

/** What became of work done beside the loop: reported to it as a value, because nobody else may act on it. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ReelstreamError };

export async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (thrown) {
    return { ok: false, error: toReelstreamError(thrown) };
  }
}

const DEPENDENCY_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'timeout',
  'fenced',
  'short_body',
  'clickhouse',
  'kafka',
  'registry',
] as const);

/** True: something we depend on failed, so doubt and try again. False: we are wrong, so drain and end loudly. */
export function isDependencyFault(error: ReelstreamError): boolean {
  return DEPENDENCY_FAULTS.has(error.code);
}
