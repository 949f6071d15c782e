import { KEY_HEADER, KEY_PATTERN } from './http/idempotency.ts';
import { POSITION_HEADER, POSITION_PATTERN } from './http/position.ts';
import type { ApiOptions } from './options.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** the largest id of the Avro contract's int */
const MAX_ID = 2 ** 31 - 1;
/** What one answer lists at most, and how deep pages go. */
export const MAX_LIMIT = 1_000;

export const ID = { type: 'integer', minimum: 1, maximum: MAX_ID } as const;

export function object(properties: JsonSchema, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

export const userParams = object({ user_id: ID });
export const movieParams = object({ movie_id: ID });

/** Parameters that nobody knows are ignored in a query, as everywhere in the web. */
export const query = (properties: JsonSchema): JsonSchema => ({ type: 'object', properties });

export const limitOf = (standard: number): JsonSchema => ({
  type: 'integer',
  minimum: 1,
  maximum: MAX_LIMIT,
  default: standard,
});

export const pageOf = (standard: number): JsonSchema =>
  query({
    limit: limitOf(standard),
    offset: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_LIMIT * 1_000,
      default: 0,
      description: 'entries to leave out; the header Link names the next page',
    },
  });

export const MOVIE = object({
  description: { type: 'string' },
  genres: { type: 'string', description: 'joined by vertical bars', examples: ['Crime|Drama'] },
  movie_id: ID,
  title: { type: ['string', 'null'], description: 'without the year; null for a film outside the catalogue' },
  year: { type: ['integer', 'null'] },
});

export const MODEL = object({
  version: { type: 'integer', description: 'rises with every event that changed the model' },
  as_of: object({
    ts: { type: ['string', 'null'], description: 'time of the newest event' },
    positions: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'last record of every slot that the model holds: slot to Kafka offset',
    },
  }),
});

export const stars = ({ compat }: ApiOptions): JsonSchema =>
  compat === 'movierec' ? { type: 'string' } : { type: 'number', minimum: 0, maximum: 5 };

export const TIME: JsonSchema = { type: 'string', description: 'with its zone, which is UTC' };

const PROBLEM = object(
  {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    field: { type: 'string', description: 'what of the request is wrong' },
  },
  ['field'],
);

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'a value is missing or wrong',
  401: 'the API key is missing or wrong',
  404: 'no such user or movie',
  409: 'this Idempotency-Key stands for another call',
  413: 'the body is too large',
  415: 'the body is not JSON, or is packed',
  429: 'too many requests',
  503: 'not caught up with the log, or Kafka is away: try again after Retry-After seconds',
};

function answers(ok: JsonSchema, codes: readonly number[]): JsonSchema {
  const problems = codes.map((code) => [
    code,
    { description: PROBLEMS[code], content: { 'application/problem+json': { schema: PROBLEM } } },
  ]);
  return { 200: { description: 'done', ...ok }, ...Object.fromEntries(problems) };
}

const WAIT = {
  [POSITION_HEADER]: {
    type: 'string',
    pattern: POSITION_PATTERN,
    description: 'slot:offset of a write; it is waited for, up to a second',
  },
};

export const readHeaders = { type: 'object', properties: WAIT } as const;
export const writeHeaders = {
  type: 'object',
  properties: {
    ...WAIT,
    [KEY_HEADER]: {
      type: 'string',
      pattern: KEY_PATTERN,
      description: 'makes a repeated call one call; any text that no other call has',
    },
  },
} as const;

export const read = (ok: JsonSchema): JsonSchema => answers(ok, [400, 401, 404, 429, 503]);
export const written = (ok: JsonSchema): JsonSchema => answers(ok, [400, 401, 404, 409, 413, 415, 429, 503]);
