import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../embedded/clickhouse/admission.ts';
import { refuseForeignPages } from '../../../embedded/clickhouse/browser-guard.ts';
import { authenticate, type User } from '../../../embedded/clickhouse/users.ts';

const users: readonly User[] = [
  { name: 'default', password: '', isReadOnly: false },
  { name: 'viewer', password: 'a:b', isReadOnly: true },
];
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const none = new URLSearchParams();

describe('authenticate', () => {
  it('takes default when nobody is named', () => {
    expect(authenticate(users, {}, none).name).toBe('default');
    expect(authenticate(users, basic(':'), none).name).toBe('default');
  });

  it('takes a password with a colon', () => {
    expect(authenticate(users, basic('viewer:a:b'), none).name).toBe('viewer');
  });

  it.each([basic('viewer:'), basic('viewer'), basic('nobody:'), { authorization: 'Bearer x' }])(
    'refuses %j',
    (headers) => {
      expect(() => authenticate(users, headers, none)).toThrow(/Authentication failed/);
    },
  );

  it('refuses two ways at once', () => {
    expect(() =>
      authenticate(users, basic('viewer:a:b'), new URLSearchParams('user=viewer&password=a:b')),
    ).toThrow(/more than one way/);
  });
});

describe('refuseForeignPages', () => {
  const check = (headers: IncomingHttpHeaders, allowed: readonly string[] = []) =>
    refuseForeignPages(headers, allowed);
  it.each([
    {},
    { host: '127.0.0.1:8123' },
    { host: '[::1]:8123' },
    { host: 'localhost' },
    { host: 'LOCALHOST:1' },
    { host: '127.0.0.1:8123', origin: 'http://127.0.0.1:8123' },
  ])('lets %j in', (headers) => {
    expect(() => check(headers)).not.toThrow();
  });
  it.each([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example:8123' },
    { host: 'bad host' },
    { host: '127.0.0.1:8123', origin: 'http://evil.example' },
    { host: '127.0.0.1:8123', origin: 'null' },
    { host: '127.0.0.1:8123', origin: 'http://127.0.0.1:8090' },
  ])('keeps %j out', (headers) => {
    expect(() => check(headers)).toThrow(/refused/);
  });
  it('knows the names it was given', () => {
    expect(() => check({ host: 'box.lan:8123' }, ['box.lan'])).not.toThrow();
  });
});

describe('admission', () => {
  it('keeps a part for writers and lets KILL through', () => {
    const admission = createAdmission(4);
    const leave = [1, 2, 3].map(() => admission.enter('read'));
    expect(() => admission.enter('read')).toThrow(/Too many/);
    leave.push(admission.enter('write'));
    expect(() => admission.enter('write')).toThrow(/Too many/);
    leave.push(admission.enter('kill'), admission.enter('kill'));
    expect(() => admission.enter('kill')).toThrow(/Too many/);
    expect(admission.running).toBe(6);
    for (const done of [...leave, ...leave]) done();
    expect(admission.running).toBe(0);
  });

  it('lets writers take every place', () => {
    const admission = createAdmission(4);
    for (let i = 0; i < 4; i++) admission.enter('write');
    expect(() => admission.enter('read')).toThrow(/Too many/);
  });
});
