import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type Clock, systemClock } from '../core/clock.ts';
import { ReelstreamError } from '../core/errors.ts';
import { type Metrics, noMetrics } from '../core/metrics-port.ts';
import type { SchemaContract } from './contracts.ts';

/** Every version must read every other: old consumers meet new events, and old events are read for ever. */
const COMPATIBILITY_LEVEL = COMPATIBILITY.FULL_TRANSITIVE;
/** A registry that stores in Kafka may answer from a replica that has not read the newest registration yet. */
const ASK_AGAIN_AFTER_MS = 30_000;
/** Ids nobody has registered come from poison, which may name any number. */
const MAX_MISSING_IDS = 100_000;

export interface RegistryOptions {
  /** base address of the Confluent API */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** longest wait for one answer; default 5 s */
  readonly requestTimeoutMs?: number;
  /**
   * A subject that is registered for certain. "No such id" only counts from a registry that knows it: a wrong address
   * or an emptied registry also answers 404, and must not turn good events into dead letters.
   */
  readonly witnessSubject: string;
  readonly clock?: Clock;
  /** counts `registry_requests_total` */
  readonly metrics?: Metrics;
}

export interface Registry {
  /**
   * Registers a contract under its subject and sets the subject's compatibility; idempotent.
   * @throws ReelstreamError `unavailable` (retryable), `registry` when it refuses the schema; `details.status` is then
   * the registry's HTTP status, 409 for an incompatible schema
   */
  register(contract: SchemaContract): Promise<number>;
  /**
   * The schema of an id as its author wrote it, or null when there is none: no registry hands out ids below 1, and any
   * other id must be missing twice, 30 s apart. So the first call for a missing id takes 30 s; calls for many ids may
   * run side by side. Both answers are remembered.
   * @throws ReelstreamError `unavailable` (retryable) for anything else: an outage says nothing about the id
   */
  schemaOf(schemaId: number, signal?: AbortSignal): Promise<string | null>;
}

type Answer = { readonly schema: string } | 'missing';
type RequestOptions = ConstructorParameters<typeof SchemaRegistry>[0];
type Middleware = NonNullable<RequestOptions['middlewares']>[number];

/**
 * Schema registry over its Confluent API (Confluent, Apicurio, Karapace).
 * The library's own cache is not used: it keeps no negative answers, parses away the author's text, and shares a request
 * in flight by id, so that one answer cut in the middle would hang that id for ever. Hence a client object per request.
 */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock = systemClock, metrics = noMetrics } = options;
  const found = new Map<number, string>();
  const missing = new Set<number>();
  const missingSinceMs = new Map<number, number>();
  const pending = new Map<number, Promise<string | null>>();
  const request = createRequester(options);

  const ask = async (schemaId: number): Promise<Answer> => {
    try {
      const schema = await request.schemaText(schemaId);
      metrics.add('registry_requests_total', { outcome: 'ok' });
      return { schema };
    } catch (error) {
      const gone = isNotFound(error) && (await request.knows(options.witnessSubject));
      metrics.add('registry_requests_total', { outcome: gone ? 'not_found' : 'unavailable' });
      if (gone) return 'missing';
      throw unavailable(`schema ${schemaId} could not be looked up`, error, options.url);
    }
  };

  const lookUp = async (schemaId: number, signal?: AbortSignal): Promise<string | null> => {
    for (;;) {
      const answer = await ask(schemaId);
      if (answer !== 'missing') {
        missingSinceMs.delete(schemaId);
        found.set(schemaId, answer.schema);
        return answer.schema;
      }
      const sinceMs = missingSinceMs.get(schemaId) ?? clock.monotonicMs();
      if (missingSinceMs.size >= MAX_MISSING_IDS) missingSinceMs.clear();
      missingSinceMs.set(schemaId, sinceMs);
      const waitMs = sinceMs + ASK_AGAIN_AFTER_MS - clock.monotonicMs();
      if (waitMs <= 0) return rememberMissing(schemaId);
      await clock.sleep(waitMs, signal);
      if (signal?.aborted)
        throw unavailable(`looking up schema ${schemaId} was called off`, null, options.url);
    }
  };

  const rememberMissing = (schemaId: number): null => {
    if (missing.size >= MAX_MISSING_IDS) missing.clear();
    missing.add(schemaId);
    missingSinceMs.delete(schemaId);
    return null;
  };

  return {
    async register(contract) {
      try {
        return await request.register(contract);
      } catch (error) {
        if (isRefusal(error)) {
          throw new ReelstreamError('registry', `${contract.subject} was refused: ${messageOf(error)}`, {
            cause: error,
            details: { subject: contract.subject, status: statusOf(error) ?? null },
          });
        }
        throw unavailable(`${contract.subject} could not be registered`, error, options.url);
      }
    },

    async schemaOf(schemaId, signal) {
      if (schemaId < 1 || missing.has(schemaId)) return null;
      const known = found.get(schemaId);
      if (known !== undefined) return known;
      const running = pending.get(schemaId);
      if (running) return running;
      const started = lookUp(schemaId, signal).finally(() => pending.delete(schemaId));
      pending.set(schemaId, started);
      return started;
    },
  };
}

/** One request each, with a deadline over the whole of it; failures are whatever the library throws. */
function createRequester({ url, username, password, requestTimeoutMs = 5_000 }: RegistryOptions) {
  const open = (middlewares: Middleware[] = []): SchemaRegistry =>
    new SchemaRegistry({
      host: url.replace(/\/+$/, ''),
      clientId: 'reelstream',
      ...(username ? { auth: { username, password: password ?? '' } } : {}),
      // Who calls decides whether to try again
      retry: { retries: 0 },
      middlewares,
    });

  const within = async <T>(work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${requestTimeoutMs} ms`)), requestTimeoutMs);
    });
    try {
      return await Promise.race([work, deadline]);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async register({ subject, schema }: SchemaContract): Promise<number> {
      const attempt = () =>
        within(
          open().register({ type: SchemaType.AVRO, schema }, { subject, compatibility: COMPATIBILITY_LEVEL }),
        );
      const { id } = await attempt().catch((error: unknown) => {
        if (isRuleOfAnother(error)) return attempt();
        throw error;
      });
      return id;
    },

    /** The answer's own text: the library's parsed form loses it, and fails on schemas that are not Avro. */
    async schemaText(schemaId: number): Promise<string> {
      let text: string | undefined;
      const record: Middleware = () => ({
        response: async (next) => {
          const response = await next();
          const body = response.data<{ schema?: unknown }>();
          if (typeof body?.schema === 'string') text = body.schema;
          return response;
        },
      });
      const parsed = within(open([record]).getSchema(schemaId));
      const failure = await parsed.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (text !== undefined) return text;
      throw failure ?? new Error('the answer holds no schema');
    },

    async knows(subject: string): Promise<boolean> {
      return within(open().getLatestSchemaId(subject)).then(
        () => true,
        () => false,
      );
    },
  };
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : undefined;
}

function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Of two that register a subject's first version at once, one finds that the other has just set the compatibility. */
function isRuleOfAnother(error: unknown): boolean {
  const { url } = (error ?? {}) as { readonly url?: unknown };
  return statusOf(error) === 409 && typeof url === 'string' && /\/config\/[^/]+$/.test(url);
}

/** An incompatible or invalid schema (409, 422), or a subject with another compatibility than ours. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status === 409 || status === 422;
  return error instanceof Error && error.name.startsWith('ConfluentSchemaRegistry');
}

function unavailable(what: string, cause: unknown, url: string): ReelstreamError {
  const because = cause === null ? '' : `: ${messageOf(cause)}`;
  return new ReelstreamError('unavailable', `${what}${because}; is the registry at ${url}?`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
