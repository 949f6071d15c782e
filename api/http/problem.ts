import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** An answer that is an error (RFC 9457): the text is for the caller and names nothing of the inside. */
export class Problem extends Error {
  readonly statusCode: number;
  /** the parameter, header or member of the body that is wrong */
  readonly field: string | undefined;

  constructor(statusCode: number, detail: string, field?: string) {
    super(detail);
    this.statusCode = statusCode;
    this.field = field;
  }
}

export const stillLearning = (): Problem => new Problem(503, 'still learning what is in the log; try again');

const RETRY_AFTER_SECONDS = 1;
/** Faults of what the API depends on: they pass, and the caller may try again. */
const DEPENDENCY_CODES: readonly ErrorCode[] = ['unavailable', 'timeout', 'kafka', 'registry', 'clickhouse'];

/** Turns whatever was thrown into a problem; what is not known becomes a 500 that says nothing, and a log line that does. */
export function createErrorHandler(logger: Logger) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemOf(thrown, request, logger);
    const { statusCode, field, message } = problem;
    if (statusCode === 503) reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return reply
      .code(statusCode)
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: STATUS_CODES[statusCode] ?? 'Error',
        status: statusCode,
        detail: message,
        ...(field === undefined ? {} : { field }),
      });
  };
}

function problemOf(thrown: unknown, request: FastifyRequest, logger: Logger): Problem {
  if (thrown instanceof Problem) return thrown;
  const error = thrown as Partial<FastifyError>;
  if (error.validation) return invalid(error as FastifyError);
  const status = error.statusCode;
  if (status !== undefined && status >= 400 && status < 500) {
    return new Problem(status, FRAMEWORK_DETAILS[status] ?? 'the request cannot be read');
  }
  const { code, message } = toReelstreamError(thrown);
  const route = request.routeOptions?.url ?? null;
  if (DEPENDENCY_CODES.includes(code)) {
    logger.warn({ code, error: message, route }, 'a request could not be answered');
    return new Problem(503, 'what this needs does not answer at the moment; try again');
  }
  logger.error({ code, error: message, route, stack: (thrown as Error)?.stack }, 'a request failed');
  return new Problem(500, 'something unexpected went wrong; it has been logged');
}

const FRAMEWORK_DETAILS: Readonly<Record<number, string>> = {
  400: 'the request is malformed: its path, its length or its JSON',
  404: 'no such address; see /docs',
  413: 'the body is too large',
  414: 'the address is too long',
  415: 'send Content-Type: application/json',
};

function invalid(error: FastifyError): Problem {
  const fault = error.validation![0]!;
  const { missingProperty, additionalProperty } = fault.params as Record<string, string | undefined>;
  const field =
    missingProperty ??
    additionalProperty ??
    (fault.instancePath.slice(1) || error.validationContext || 'body');
  if (missingProperty) return new Problem(400, `${field} is missing`, field);
  if (additionalProperty) return new Problem(400, `${field} is not known here`, field);
  return new Problem(400, `${field} ${fault.message ?? 'is not valid'}`, field);
}
