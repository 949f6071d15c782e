import { createBackoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { toReelstreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

export interface ResolveSchemasOptions {
  /** the registry: text of a schema, or null when it is certain that there is none */
  readonly schemaOf: (schemaId: number, signal?: AbortSignal) => Promise<string | null>;
  readonly decoder: {
    learn(schemaId: number, writerSchema: string): boolean;
    learnUnknown(schemaId: number): void;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

/**
 * Teaches the decoder the given schema ids; resolves when all are answered or when the signal is aborted.
 * An outage of the registry lasts as long as it lasts: it never turns good events into dead letters.
 * Rejects only with what trying again cannot cure.
 */
export type ResolveSchemas = (schemaIds: Iterable<number>, signal: AbortSignal) => Promise<void>;

export function createResolveSchemas(options: ResolveSchemasOptions): ResolveSchemas {
  const { schemaOf, decoder, clock, logger, retryMinMs = 500, retryMaxMs = 15_000 } = options;

  async function resolveOne(schemaId: number, signal: AbortSignal): Promise<void> {
    const backoff = createBackoff({ minMs: retryMinMs, maxMs: retryMaxMs });
    while (!signal.aborted) {
      try {
        return teach(schemaId, await schemaOf(schemaId, signal));
      } catch (thrown) {
        const error = toReelstreamError(thrown);
        if (!error.retryable) throw error;
        if (signal.aborted) return;
        const waitMs = backoff.nextMs();
        logger.warn(
          { schemaId, waitMs, error: error.message },
          'schema not resolved, its partition waits: will ask again',
        );
        await clock.sleep(waitMs, signal);
      }
    }
  }

  function teach(schemaId: number, schema: string | null): void {
    if (schema === null) {
      decoder.learnUnknown(schemaId);
      logger.warn({ schemaId }, 'the registry does not know this schema: its records are dead letters');
    } else if (!decoder.learn(schemaId, schema)) {
      logger.warn({ schemaId }, 'not a rating schema: its records are dead letters');
    }
  }

  return async function resolveSchemas(schemaIds, signal) {
    await Promise.all([...schemaIds].map((schemaId) => resolveOne(schemaId, signal)));
  };
}
