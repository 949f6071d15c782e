import { ReelstreamError } from '../core/errors.ts';

/** Names of the Kafka protocol's errors that decide something here, by their code. Source: Kafka protocol guide. */
const FETCH_ERRORS: Readonly<Record<number, string>> = {
  [-1]: 'UNKNOWN',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_FOR_PARTITION',
  9: 'REPLICA_NOT_AVAILABLE',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  78: 'OFFSET_NOT_AVAILABLE',
};

/** The name of a fetch error, null for none. */
export const fetchErrorOf = (errorCode: number): string | null =>
  errorCode === 0 ? null : (FETCH_ERRORS[errorCode] ?? `error ${errorCode}`);

/** An error that a broker answered, in the library's form: known by its `type`. */
export class ProtocolError extends Error {
  readonly type: string;

  constructor(type: string) {
    super(`the broker answers ${type}`);
    this.type = type;
  }
}

/** The member is no longer part of this generation: its partitions are, or will be, somebody else's. */
const OUT_OF_GROUP = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];

/** A person has to change something first: rights, names, another member's protocol. */
const FATAL = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_VERSION',
];

/** Leadership of a partition or group is on its way to another broker, or being loaded there. */
const MOVING = [
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
];

/** The protocol's name of an error, or the library's where it never reached a broker. */
export function errorTypeOf(error: unknown): string {
  const { type, name, cause } = (error ?? {}) as { type?: unknown; name?: unknown; cause?: unknown };
  if (typeof type === 'string') return type;
  return cause ? errorTypeOf(cause) : typeof name === 'string' ? name : 'unknown';
}

export const isOutOfGroup = (error: unknown): boolean => OUT_OF_GROUP.includes(errorTypeOf(error));
export const isMoving = (error: unknown): boolean => MOVING.includes(errorTypeOf(error));
export const isRebalancing = (error: unknown): boolean => errorTypeOf(error) === 'REBALANCE_IN_PROGRESS';

export function isFatal(error: unknown): boolean {
  if (error instanceof ReelstreamError) return !error.retryable;
  return FATAL.includes(errorTypeOf(error)) || errorTypeOf(error) === 'KafkaJSSASLAuthenticationError';
}

/** Why client and broker do not come together although both are there. */
export type Refusal = 'login' | 'certificate';

const LOGIN_REFUSED = [
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'KafkaJSSASLAuthenticationError',
];
/** Node's names of what is wrong with a certificate. Source: Node's documentation of tls, "X509 certificate error codes" */
const CERTIFICATE_REFUSED = /^(UNABLE_TO_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|ERR_TLS_CERT_)/;

function refusalOf(error: unknown): Refusal | null {
  if (LOGIN_REFUSED.includes(errorTypeOf(error))) return 'login';
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as { readonly code?: unknown };
    if (typeof code === 'string' && CERTIFICATE_REFUSED.test(code)) return 'certificate';
  }
  return null;
}

/**
 * What a caller of this folder sees: `unavailable` for what passes by itself, `kafka` for what does not. A refused login or
 * certificate is `unavailable`, with `refused` among its details; a login is not worth another try.
 */
export function toKafkaError(what: string, error: unknown): ReelstreamError {
  if (error instanceof ReelstreamError) return error;
  const because = error instanceof Error ? error.message : String(error);
  const refused = refusalOf(error);
  if (refused !== null) {
    return new ReelstreamError('unavailable', `${what}: ${because}`, {
      cause: error,
      retryable: refused === 'certificate',
      details: { refused },
    });
  }
  const code = isFatal(error) ? 'kafka' : 'unavailable';
  return new ReelstreamError(code, `${what}: ${because}`, { cause: error });
}
