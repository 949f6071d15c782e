import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../core/clock.ts';
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
    { host: 'localhost', 'sec-fetch-site': 'none' },
    { host: 'localhost', 'sec-fetch-site': 'same-origin' },
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
    { host: '127.0.0.1:8123', 'sec-fetch-site': 'cross-site' },
    { host: '127.0.0.1:8123', 'sec-fetch-site': 'same-site' },
  ])('keeps %j out', (headers) => {
    expect(() => check(headers)).toThrow(/refused/);
  });
  it('knows the names it was given', () => {
    expect(() => check({ host: 'box.lan:8123' }, ['box.lan'])).not.toThrow();
  });
});

describe('admission', () => {
  const create = (maxWaitMs = 0) => {
    const clock = createManualClock();
    return { clock, admission: createAdmission({ maxConcurrent: 4, maxWaitMs, clock }) };
  };

  it('keeps a part for writers and lets KILL through', async () => {
    const { admission } = create();
    const leave = await Promise.all([1, 2, 3].map(() => admission.enter('read')));
    await expect(admission.enter('read')).rejects.toMatchObject({ code: 202 });
    leave.push(await admission.enter('write'));
    await expect(admission.enter('write')).rejects.toMatchObject({ code: 202 });
    leave.push(await admission.enter('kill'), await admission.enter('kill'));
    await expect(admission.enter('kill')).rejects.toMatchObject({ code: 202 });
    expect(admission.running).toBe(6);
    for (const done of [...leave, ...leave]) done();
    expect(admission.running).toBe(0);
  });

  it('lets writers take every place', async () => {
    const { admission } = create();
    for (let i = 0; i < 4; i++) await admission.enter('write');
    await expect(admission.enter('read')).rejects.toMatchObject({ code: 202 });
  });

  it('lets statements wait, in their order, and not for ever', async () => {
    const { admission, clock } = create(1_000);
    const leave = await Promise.all([1, 2, 3].map(() => admission.enter('read')));
    const entered: string[] = [];
    const first = admission.enter('read').then((done) => {
      entered.push('first');
      return done;
    });
    const second = admission.enter('read').then((done) => {
      entered.push('second');
      return done;
    });
    const third = admission.enter('read');
    third.catch(() => undefined);
    expect(admission.waiting).toBe(3);
    leave[0]?.();
    (await first)();
    await second;
    expect(entered).toEqual(['first', 'second']);
    await clock.advance(1_000);
    await expect(third).rejects.toMatchObject({ code: 202 });
    expect([admission.running, admission.waiting]).toEqual([3, 0]);
  });

  it('refuses a flood at once', async () => {
    const { admission } = create(1_000);
    for (let i = 0; i < 4; i++) await admission.enter('write');
    for (let i = 0; i < 200; i++) void admission.enter('write');
    expect(() => admission.requireRoom()).toThrow(/Too many/);
    await expect(admission.enter('write')).rejects.toMatchObject({ code: 202 });
  });
});
