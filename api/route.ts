import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonSchema } from './schemas.ts';

/** One call: its schemas are what validates it, what writes its answer and what the OpenAPI page shows. */
export interface Route {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** below /api/v1 */
  readonly url: string;
  readonly schema: {
    readonly summary: string;
    readonly tags: readonly string[];
    readonly params?: JsonSchema;
    readonly querystring?: JsonSchema;
    readonly headers: JsonSchema;
    readonly body?: JsonSchema;
    readonly response: JsonSchema;
  };
  /** returns the body of the answer, or the reply when that is 304 or a redirection already */
  handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}

export const paramsOf = <T>(request: FastifyRequest): T => request.params as T;
export const queryOf = <T>(request: FastifyRequest): T => request.query as T;
export const bodyOf = <T>(request: FastifyRequest): T => request.body as T;
