import type { FastifyRequest } from 'fastify';

type Properties = Readonly<Record<string, { readonly type?: string | readonly string[] }>>;

/** No exponents, no blanks, no hexadecimals: what a person would write. */
const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

/**
 * Strings that hold a number become one wherever the route's schema wants a number: paths and queries have nothing else, and
 * clients send them in bodies too. Nothing but strings is converted: null and true are no numbers.
 */
export async function readNumbers(request: FastifyRequest): Promise<void> {
  const schema = request.routeOptions.schema;
  if (!schema) return;
  convert(request.params, schema.params);
  convert(request.query, schema.querystring);
  convert(request.body, schema.body);
}

function convert(values: unknown, schema: unknown): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return;
  const properties = (schema as { properties?: Properties } | undefined)?.properties ?? {};
  const record = values as Record<string, unknown>;
  for (const [name, { type }] of Object.entries(properties)) {
    const value = record[name];
    if (typeof value === 'string' && wantsNumber(type) && NUMBER.test(value)) record[name] = Number(value);
  }
}

function wantsNumber(type: string | readonly string[] | undefined): boolean {
  return [type].flat().some((one) => one === 'number' || one === 'integer');
}
