import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ServerException } from './server-exception.ts';

export interface User {
  readonly name: string;
  /** empty = none is asked for */
  readonly password: string;
  readonly isReadOnly: boolean;
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

/**
 * Who asks: Basic auth, X-ClickHouse-User and -Key, or `user` and `password` of the address; without any, `default`.
 * @throws ServerException 516, in the same words for a wrong name and a wrong password
 */
export function authenticate(
  users: readonly User[],
  headers: IncomingHttpHeaders,
  url: URLSearchParams,
): User {
  const { name, password } = readCredentials(headers, url);
  const user = users.find((candidate) => candidate.name === name);
  if (user && isSame(user.password, password)) return user;
  throw failure(name, 'password is incorrect, or there is no user with such name.');
}

function readCredentials(headers: IncomingHttpHeaders, url: URLSearchParams): Credentials {
  const key = single(headers['x-clickhouse-key']);
  const named = single(headers['x-clickhouse-user']);
  const basic = headers.authorization;
  const given = [
    named !== null || key !== null ? { name: named ?? 'default', password: key ?? '' } : null,
    basic === undefined ? null : readBasic(basic),
    url.has('user') || url.has('password')
      ? { name: url.get('user') || 'default', password: url.get('password') ?? '' }
      : null,
  ].filter((credentials) => credentials !== null);
  if (given.length > 1) throw failure(given[0]!.name, 'credentials were given in more than one way.');
  return given[0] ?? { name: 'default', password: '' };
}

function single(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

function readBasic(header: string): Credentials {
  const encoded = /^Basic\s+(.+)$/i.exec(header)?.[1];
  if (encoded === undefined) throw failure('default', 'only Basic authentication is known.');
  const [name = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { name: name || 'default', password: password.join(':') };
}

/** Compared by digest, so that the time taken tells neither length nor beginning. */
function isSame(expected: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

function failure(name: string, reason: string): ServerException {
  return new ServerException(516, 'AUTHENTICATION_FAILED', `${name}: Authentication failed: ${reason}`);
}
